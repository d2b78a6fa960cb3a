"""Everything outside the database that a process works with, opened from settings once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
from bitloot.traffic import LocalTraffic, Traffic
from bitloot.turnstile import Ring, Turnstile, open_turnstiles
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
    turnstiles: Mapping[str, Turnstile] = field(default_factory=dict)  # the gate to each provider


def open_shop(settings: Settings, traffic: Traffic | None = None, ring: Ring | None = None) -> Shop:
    """Builds every adapter that the settings name.

    `traffic` is what all processes know together of the providers; without it this one keeps to itself. `ring` is
    called when a provider begins to refuse our account.
    """
    turnstiles = open_turnstiles(settings, traffic or LocalTraffic(), ring)
    return Shop(
        settings=settings,
        vault=Vault.from_settings(settings),
        tokens=Tokens.from_settings(settings),
        gateway=open_gateway(settings, turnstiles["nowpayments"]),
        suppliers=open_suppliers(settings, turnstiles),
        store=open_store(settings, turnstiles),
        mailer=open_mailer(settings, turnstiles),
        turnstiles=turnstiles,
    )
