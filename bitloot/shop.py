"""Everything outside the database that a process works with, opened from settings once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bitloot.gateways import open_gateway
from bitloot.gateways.base import Gateway
from bitloot.mail import open_mailer
from bitloot.mail.base import Mailer
from bitloot.settings import Settings
from bitloot.stores import open_store
from bitloot.stores.base import Store
from bitloot.suppliers import open_suppliers
from bitloot.suppliers.base import Supplier
from bitloot.tokens import Tokens
from bitloot.vault import Vault

__all__ = ["Shop", "open_shop"]


@dataclass(frozen=True)
class Shop:
    """The shop's hands. Opens no connection before the first use, so that it may be built before a fork."""

    settings: Settings
    vault: Vault
    tokens: Tokens
    gateway: Gateway
    suppliers: Mapping[str, Supplier]
    store: Store
    mailer: Mailer


def open_shop(settings: Settings) -> Shop:
    """Builds every adapter that the settings name."""
    return Shop(
        settings=settings,
        vault=Vault.from_settings(settings),
        tokens=Tokens.from_settings(settings),
        gateway=open_gateway(settings),
        suppliers=open_suppliers(settings),
        store=open_store(settings),
        mailer=open_mailer(settings),
    )
