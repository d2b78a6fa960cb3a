"""Suppliers are opened by their settings, under their own names."""

from __future__ import annotations

from bitloot.settings import load_settings
from bitloot.suppliers import SUPPLIERS, open_suppliers


def test_only_what_is_configured_is_opened() -> None:
    kinguin = {"KINGUIN_API_KEY": "k" * 32, "KINGUIN_WEBHOOK_SECRET": "w" * 32}
    reservations = {"RESERVATIONS_BASE_URL": "https://reservations.test"}
    assert open_suppliers(load_settings({}, check=False)) == {}
    assert list(open_suppliers(load_settings(kinguin, check=False))) == ["kinguin"]
    assert list(open_suppliers(load_settings(reservations, check=False))) == ["reservations"]
    assert list(open_suppliers(load_settings(kinguin | reservations, check=False))) == list(SUPPLIERS)


def test_each_supplier_answers_to_its_name_in_the_table() -> None:
    environ = {"KINGUIN_API_KEY": "k" * 32, "RESERVATIONS_BASE_URL": "https://reservations.test"}
    for name, supplier in open_suppliers(load_settings(environ, check=False)).items():
        assert supplier.name == name
        assert "k" * 32 not in repr(vars(supplier))


def test_no_two_suppliers_claim_one_webhook() -> None:
    environ = {"KINGUIN_API_KEY": "k" * 32, "RESERVATIONS_BASE_URL": "https://reservations.test"}
    suppliers = open_suppliers(load_settings(environ, check=False))
    for header in ("x-event-secret", "x-event-name", "x-kinguin-signature", "x-auth-token"):
        assert sum(supplier.claims({header: "x"}) for supplier in suppliers.values()) == 1
