"""The purchase ledger: one live purchase per line, one call at a time, stale answers refused."""

from __future__ import annotations

from typing import Any

import pytest
from peewee import IntegrityError

from bitloot.settings import Settings
from bitloot.states import PurchaseState
from db import Purchase, PurchaseMove, base, intend, purchases_of
from tests.factories import a_paid_order, a_product


def a_purchase() -> Purchase:
    return intend(a_paid_order())[0]


def test_intent_is_written_once_per_line(database: Settings) -> None:
    order = a_paid_order((a_product("kinguin"), 2), (a_product("reservations"), 1))
    first, second = intend(order), intend(order)
    assert [item.id for item in first] == [item.id for item in second]
    assert [(item.supplier, item.quantity) for item in first] == [("kinguin", 2), ("reservations", 1)]
    assert PurchaseMove.select().count() == 2


def test_the_reference_is_fixed_ascii_and_short(database: Settings) -> None:
    reference = a_purchase().purchase_ref
    assert reference.startswith("BL-")
    assert reference.isascii()
    assert len(reference) <= 40


def test_a_new_purchase_comes_only_after_a_definite_end(database: Settings) -> None:
    order = a_paid_order()
    first = intend(order)[0]
    first.start_call(PurchaseState.SENDING, 60)
    assert [item.id for item in intend(order)] == [first.id]
    first.advance(PurchaseState.FAILED)
    second = intend(order)[0]
    assert (second.generation, second.purchase_ref) == (2, f"{first.purchase_ref}-2")
    assert [item.id for item in purchases_of(order)] == [second.id]


def test_the_schema_refuses_a_second_live_purchase(database: Settings) -> None:
    purchase = a_purchase()
    row: Any = Purchase.select().dicts().get()
    copy = row | {"generation": 2, "purchase_ref": "BL-other"}
    del copy["id"]
    with pytest.raises(IntegrityError):
        Purchase.insert(**copy).execute()
    assert purchase.state is PurchaseState.INTENT


def test_one_of_two_workers_gets_the_call(database: Settings) -> None:
    purchase = a_purchase()
    twin = Purchase.get_by_id(purchase.id)
    assert purchase.start_call(PurchaseState.SENDING, 60)
    assert not twin.start_call(PurchaseState.SENDING, 60)


def test_the_answer_to_an_older_attempt_moves_nothing(database: Settings) -> None:
    purchase = a_purchase()
    purchase.start_call(PurchaseState.SENDING, 60)
    zombie = Purchase.get_by_id(purchase.id)
    purchase.advance(PurchaseState.INTENT)
    purchase.start_call(PurchaseState.SENDING, 60)
    assert (zombie.attempt, purchase.attempt) == (1, 2)
    assert not zombie.advance(PurchaseState.PLACED, supplier_ref="OLD")
    assert Purchase.get_by_id(purchase.id).supplier_ref is None


def test_each_move_is_a_row(database: Settings) -> None:
    purchase = a_purchase()
    purchase.start_call(PurchaseState.SENDING, 60)
    purchase.advance(PurchaseState.AMBIGUOUS, note="timeout")
    history = [
        (move.src, move.dst, move.attempt, move.note)
        for move in PurchaseMove.select().order_by(PurchaseMove.id)
    ]
    assert history == [
        (None, "intent", 0, ""),
        ("intent", "sending", 1, "attempt 1"),
        ("sending", "ambiguous", 1, "timeout"),
    ]


def test_an_illegal_move_is_refused(database: Settings) -> None:
    purchase = a_purchase()
    with pytest.raises(ValueError, match="cannot go from intent to stored"):
        purchase.advance(PurchaseState.STORED)


def test_one_supplier_reference_belongs_to_one_purchase(database: Settings) -> None:
    one, other = a_purchase(), a_purchase()
    for purchase in (one, other):
        purchase.start_call(PurchaseState.SENDING, 60)
    one.advance(PurchaseState.PLACED, supplier_ref="SAME")
    with pytest.raises(IntegrityError):
        other.advance(PurchaseState.PLACED, supplier_ref="SAME")
    assert Purchase.get_by_id(other.id).state is PurchaseState.SENDING


def test_leases_run_by_the_databases_clock(database: Settings) -> None:
    purchase = a_purchase()
    purchase.start_call(PurchaseState.SENDING, 60)
    assert not purchase.is_due("lease_until")
    base.rows("UPDATE purchases SET lease_until = now() - interval '1 second' RETURNING id")
    assert purchase.is_due("lease_until")
    with pytest.raises(ValueError, match="created_at"):
        purchase.is_due("created_at")


def test_the_ladder_ends(database: Settings) -> None:
    purchase = a_purchase()
    for rung in range(3):
        purchase = Purchase.get_by_id(purchase.id)
        assert purchase.looks == rung
        assert purchase.climb((5, 20, 60))
        assert not Purchase.get_by_id(purchase.id).is_due("look_at")
    assert not Purchase.get_by_id(purchase.id).climb((5, 20, 60))
