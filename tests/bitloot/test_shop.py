"""Everything outside the database, opened from settings at once."""

from __future__ import annotations

from bitloot.settings import Settings, load_settings
from bitloot.shop import open_shop


def test_it_opens_what_the_settings_name(settings: Settings) -> None:
    shop = open_shop(settings)
    assert shop.gateway.name == "nowpayments"
    assert set(shop.suppliers) == {"kinguin", "reservations"}
    assert (shop.store.name, shop.mailer.name) == ("directory", "directory")
    assert shop.settings is settings


def test_what_is_not_set_is_not_opened(environ: dict[str, str]) -> None:
    settings = load_settings(environ | {"KINGUIN_API_KEY": "", "MAILER": "resend"})
    shop = open_shop(settings)
    assert set(shop.suppliers) == {"reservations"}
    assert shop.mailer.name == "resend"


def test_it_shows_no_secret(settings: Settings, environ: dict[str, str]) -> None:
    shown = repr(open_shop(settings))
    for name, value in environ.items():
        if name.endswith(("_SECRET", "_API_KEY", "_KEYS")):
            assert value not in shown, name
