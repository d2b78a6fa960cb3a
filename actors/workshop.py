"""The shop that this worker process works in: opened once after the fork, replaced in tests."""

from __future__ import annotations

from actors import blocks
from actors.traffic import share
from bitloot.settings import Settings, load_settings
from bitloot.shop import Shop, open_shop
from db import base, migrate
from db.master_keys import need_master_keys

__all__ = ["open_from_environment", "shared_shop", "shop", "use"]

_shop: Shop | None = None


def open_from_environment(application: str) -> Settings:
    """Reads and checks the settings, opens pool and shop; refuses an old schema and a lost master key.

    Raises UnsafeSettings.
    """
    settings = load_settings()
    migrate.check(settings.database_url.get_secret_value())
    base.configure(settings, application=f"bitloot {application}")
    opened = shared_shop(settings)
    with base.scope():
        need_master_keys(opened.vault)
    use(opened)
    return settings


def shared_shop(settings: Settings) -> Shop:
    """A shop that knows of the providers what all processes know, and rings the operator when one refuses us."""
    return open_shop(settings, share(settings), blocks.ring)


def use(shop: Shop) -> None:
    """Makes `shop` the one that the steps of this process work in."""
    global _shop
    _shop = shop


def shop() -> Shop:
    """The shop of this process. Raises RuntimeError before `use` or `open_from_environment`."""
    if _shop is None:
        raise RuntimeError("no shop is open in this process")
    return _shop
