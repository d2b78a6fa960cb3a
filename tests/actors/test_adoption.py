"""What the supplier gave is written down once; what cannot be right is frozen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from actors.adoption import adopt, freeze, place
from bitloot.settings import Settings
from bitloot.states import PurchaseState, SupplierStatus
from bitloot.suppliers.base import Placed
from db import Case, Purchase
from tests.factories import a_paid_order, intend


def order_there(ref: str, minute: int = 0) -> Placed:
    return Placed(ref, SupplierStatus.PENDING, 1, datetime(2026, 1, 1, 0, minute, tzinfo=UTC))


@pytest.fixture
def sending(database: Settings) -> Purchase:
    purchase = intend(a_paid_order())[0]
    purchase.start_call(PurchaseState.SENDING, 60)
    return purchase


def test_the_reference_is_saved_and_what_was_in_doubt_is_forgotten(sending: Purchase) -> None:
    sending.doubt((5.0,), note="timeout")
    place(sending, order_there("P1"), note="found")
    now = Purchase.get_by_id(sending.id)
    assert (now.state, now.supplier_ref, now.error) == (PurchaseState.PLACED, "P1", None)
    assert (now.looks, now.look_at, now.lease_until) == (0, None, None)


def test_of_several_the_first_is_taken_and_all_are_named(sending: Purchase) -> None:
    adopt(sending, [order_there("P1"), order_there("P2", 1), order_there("P3", 2)], note="found")
    assert (sending.state, sending.supplier_ref) == (PurchaseState.MANUAL, "P1")
    assert Case.get().figures["refs"] == "P1 P2 P3"


def test_several_whose_oldest_belongs_to_another_purchase_are_frozen_without_it(sending: Purchase) -> None:
    place(sending, order_there("P1"), note="placed")
    other = intend(a_paid_order())[0]
    adopt(other, [order_there("P1"), order_there("P2", 1)], note="found")
    now = Purchase.get_by_id(other.id)
    assert (now.state, now.supplier_ref) == (PurchaseState.MANUAL, None)
    assert Case.get().kind == "reference_taken"


def test_a_freeze_that_comes_too_late_moves_nothing_and_asks_nobody(sending: Purchase) -> None:
    late = Purchase.get_by_id(sending.id)
    place(sending, order_there("P1"), note="placed")
    freeze(late, "purchase_in_doubt", looks=5)
    assert late.state is PurchaseState.PLACED  # the copy has caught up
    assert Case.select().count() == 0


def test_a_second_freeze_of_the_same_kind_opens_no_second_case(sending: Purchase) -> None:
    freeze(sending, "purchase_in_doubt")
    again = Purchase.get_by_id(sending.id)
    with pytest.raises(ValueError, match="cannot go from manual to manual"):
        freeze(again, "purchase_in_doubt")
    assert Case.select().count() == 1
