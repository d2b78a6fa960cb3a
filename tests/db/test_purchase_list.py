"""Purchases are found by either reference; their steps are told in order."""

from __future__ import annotations

from bitloot.settings import Settings
from db.purchase_list import PURCHASES, purchase_steps, purchases_by_reference
from tests.factories import a_waiting_order


def test_purchases_are_found_by_either_reference(database: Settings) -> None:
    _, [purchase] = a_waiting_order()
    assert purchase.supplier_ref
    for reference in (purchase.supplier_ref, purchase.purchase_ref):
        assert [found.id for found in purchases_by_reference(reference)] == [purchase.id]
        assert (
            PURCHASES.page({"reference": reference, "product_ref": purchase.product_ref}, limit=2).total == 1
        )
    assert purchases_by_reference("nobody's") == []


def test_its_steps_are_told_in_their_order(database: Settings) -> None:
    _, [purchase] = a_waiting_order()
    assert [step.dst for step in purchase_steps(purchase.id)] == ["intent", "sending", "placed", "waiting"]
