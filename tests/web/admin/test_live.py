"""Suppliers are asked seldom, however many look, and what they do not say is told as such."""

from __future__ import annotations

import threading
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bitloot.errors import Retryable
from bitloot.shop import Shop
from bitloot.states import SupplierStatus
from bitloot.suppliers.base import Standing
from db.purchase_list import PURCHASES
from tests.factories import a_waiting_order
from web.admin.live import Oracle


class Supplier:
    """As much of one as is asked here."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: Exception | None = None

    def status(self, ref: str, _expected: int | None = None) -> Standing:
        self._call()
        return Standing(ref, SupplierStatus.PENDING, 0, 1)

    def balance(self) -> tuple[Decimal, str] | None:
        self._call()
        return Decimal("12.50"), "eur"

    def _call(self) -> None:
        self.calls += 1
        if self.error is not None:
            raise self.error


def test_many_looks_are_one_call_and_a_failure_keeps_the_last_word(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    supplier: Any = Supplier()
    oracle = Oracle(replace(shop, suppliers={"kinguin": supplier}))
    _, [purchase] = a_waiting_order()
    facts = PURCHASES.one(purchase.id)
    assert facts is not None
    first, again = oracle.status(facts), oracle.status(facts)
    assert (first.status, first.keys_expected, first.problem, supplier.calls) == ("pending", 1, None, 1)
    assert again == first
    assert [(one.amount, one.currency) for one in oracle.balances()] == [("12.50", "eur")]
    monkeypatch.setattr("web.admin.live.BALANCE_COUNTS", -1.0)
    supplier.error = Retryable("away", code="unavailable")
    [balance] = oracle.balances()
    assert (balance.amount, balance.problem, balance.as_of is None) == ("12.50", "unavailable", False)


def test_nobody_waits_long_for_a_supplier(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.admin.live.PATIENCE", 0.05)
    supplier: Any = Supplier()
    over = threading.Event()
    supplier.balance = lambda: over.wait(60)
    [balance] = Oracle(replace(shop, suppliers={"kinguin": supplier})).balances()
    over.set()
    assert (balance.amount, balance.problem) == (None, "too_slow")


def test_what_is_not_placed_is_not_asked_about(shop: Shop) -> None:
    _, [purchase] = a_waiting_order()
    facts = PURCHASES.one(purchase.id)
    assert facts is not None
    assert Oracle(shop).status(replace(facts, supplier_ref=None)).problem == "not_placed"
    assert Oracle(shop).status(replace(facts, supplier="gone")).problem == "supplier_off"
