"""Where keys come from: one line here, one module, one line in the contract test for each supplier."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bitloot.fetch import Gate
from bitloot.settings import Settings
from bitloot.suppliers.base import Supplier
from bitloot.suppliers.bearer import ClientCredentials
from bitloot.suppliers.kinguin import Kinguin
from bitloot.suppliers.reservations import Reservations
from bitloot.suppliers.reservations_webhook import Verifier

__all__ = ["SUPPLIERS", "open_suppliers"]

Gates = Mapping[str, Gate]


def _kinguin(settings: Settings, gates: Gates) -> Supplier | None:
    if not settings.kinguin_api_key.get_secret_value():
        return None
    return Kinguin(
        settings.kinguin_base_url,
        settings.kinguin_api_key,
        settings.kinguin_webhook_secret,
        settings.kinguin_webhook_secret_previous,
        timeout=settings.supplier_timeout,
        gate=gates.get("kinguin"),
    )


def _reservations(settings: Settings, gates: Gates) -> Supplier | None:
    if not settings.reservations_base_url:
        return None
    credentials = ClientCredentials(
        settings.reservations_token_url,
        settings.reservations_client_id,
        settings.reservations_client_secret,
        name="reservations",
        gate=gates.get("reservations token"),
    )
    return Reservations(
        settings.reservations_base_url,
        Verifier(
            settings.reservations_verifier,
            settings.reservations_webhook_secret,
            settings.reservations_webhook_secret_previous,
        ),
        credentials if settings.reservations_token_url else None,
        timeout=settings.supplier_timeout,
        gate=gates.get("reservations"),
    )


#: Every supplier that this program knows, and how it is opened; None while its settings are empty.
SUPPLIERS: Mapping[str, Callable[[Settings, Gates], Supplier | None]] = {
    "kinguin": _kinguin,
    "reservations": _reservations,
}


def open_suppliers(settings: Settings, gates: Gates | None = None) -> dict[str, Supplier]:
    """The suppliers that the settings describe, by name; opens no connection yet. `gates` by provider."""
    opened = {name: opener(settings, gates or {}) for name, opener in SUPPLIERS.items()}
    return {name: supplier for name, supplier in opened.items() if supplier is not None}
