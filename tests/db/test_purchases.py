"""The purchase ledger: one live purchase per line, one call at a time, stale answers refused."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2
import pytest
from peewee import IntegrityError

from bitloot.settings import Settings
from bitloot.states import OrderState, PurchaseState
from db import Case, Move, Purchase, PurchaseMove, base, purchases_of
from tests.factories import a_paid_order, a_product, a_waiting_order, again, intend
from tests.waiting import until


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
    assert [item.id for item in intend(order)] == [first.id]  # nobody sent the order back to `paid` since
    order.advance(OrderState.FAILED, actor="test")
    assert [item.id for item in intend(order)] == [first.id]
    order.advance(OrderState.PAID, actor="olga", reason="retry")
    second = intend(order)[0]
    assert (second.generation, second.purchase_ref) == (2, f"{first.purchase_ref}-2")
    assert [item.id for item in purchases_of(order)] == [second.id]
    second.start_call(PurchaseState.SENDING, 60)
    second.advance(PurchaseState.FAILED)
    assert [item.id for item in intend(order)] == [second.id]


def test_a_new_purchase_is_for_the_keys_that_are_still_missing(database: Settings) -> None:
    order, (first,) = a_waiting_order((a_product(), 3))
    base.rows("UPDATE purchases SET state = 'partial', keys_stored = 1 RETURNING id")
    first.reload()
    first.advance(PurchaseState.FAILED, note="canceled")
    order.advance(OrderState.FAILED, actor="test")
    order.advance(OrderState.PAID, actor="olga")
    second = intend(order)[0]
    assert (second.quantity, second.keys_expected, second.keys_stored) == (2, 2, 0)


def test_a_lost_move_is_seen_after_a_reload(database: Settings) -> None:
    purchase = a_purchase()
    stale = Purchase.get_by_id(purchase.id)
    purchase.start_call(PurchaseState.SENDING, 60)
    assert not stale.start_call(PurchaseState.SENDING, 60)
    assert (stale.state, stale.attempt) == (PurchaseState.INTENT, 0)
    stale.reload()
    assert (stale.state, stale.attempt) == (PurchaseState.SENDING, 1)


def test_a_frozen_purchase_and_its_case_are_one_commit(database: Settings) -> None:
    purchase = a_purchase()
    stale = Purchase.get_by_id(purchase.id)
    assert purchase.freeze("bought_twice", {"refs": "P1 P2"}, supplier_ref="P1")
    case = Case.get()
    assert (case.kind, case.subject, case.figures) == ("bought_twice", str(purchase.id), {"refs": "P1 P2"})
    now = Purchase.get_by_id(purchase.id)
    assert (now.state, now.supplier_ref, now.error) == (PurchaseState.MANUAL, "P1", "bought_twice")
    assert not stale.freeze("purchase_in_doubt", {})
    assert Case.select().count() == 1


def test_only_what_may_be_bought_by_now_has_a_time(database: Settings) -> None:
    purchase = a_purchase()
    assert purchase.next_at is None
    purchase.start_call(PurchaseState.SENDING, 60)
    purchase.reload()
    assert purchase.next_at == purchase.lease_until
    purchase.advance(PurchaseState.PLACED, supplier_ref="P1")
    assert purchase.next_at is None


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


def test_no_call_begins_for_an_order_that_is_paid_no_more(database: Settings) -> None:
    """Found by tests/faults/interleaving_pairs.py: a refund learned while the lines before were being bought."""
    order = a_paid_order()
    [purchase] = intend(order)
    order.advance(OrderState.REVIEW, actor="test")
    assert not purchase.start_call(PurchaseState.SENDING, 60)
    assert Purchase.get_by_id(purchase.id).state is PurchaseState.INTENT


def test_a_refund_that_is_just_being_written_down_is_not_overtaken(database: Settings) -> None:
    """Whoever refunds has looked for calls under way: one that begins then would buy with money that goes back."""
    purchase = a_purchase()
    other = psycopg2.connect(database.database_url.get_secret_value())
    refund = other.cursor()
    refund.execute("UPDATE orders SET state = 'refund_due' WHERE id = %s", (str(purchase.order_id),))
    waits = (
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )

    def commit_once_waited_for() -> None:
        with contextlib.closing(other):
            until(lambda: _ask(other, waits) > 0, what="the call that waits")
            other.commit()

    with ThreadPoolExecutor(1) as operator:
        done = operator.submit(commit_once_waited_for)
        assert not purchase.start_call(PurchaseState.SENDING, 60)
        done.result()


def _ask(connection: Any, sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


def test_the_right_to_the_first_call_is_taken_with_the_intent(database: Settings) -> None:
    order = a_paid_order((a_product("reservations"), 1), (a_product("kinguin"), 1))
    first, second = intend(order, ["reservations", "kinguin"], 60)
    assert (first.state, first.attempt, second.state) == (PurchaseState.SENDING, 1, PurchaseState.INTENT)
    assert (first.begun is not None, second.begun) == (True, None)
    assert _trail(first) == [(None, "intent", 0), ("intent", "sending", 1)]
    first, _ = intend(order, ["reservations"], 60)
    assert (first.state, first.begun) == (PurchaseState.SENDING, None)  # the call is the other run's


@pytest.mark.parametrize("change", ["held_at = now()", "state = 'refund_due'"])
def test_nobody_gets_the_right_to_call_for_an_order_that_is_held_or_paid_no_more(
    database: Settings, change: str
) -> None:
    order = a_paid_order((a_product("reservations"), 1))
    other = a_paid_order((a_product("reservations"), 1))
    [purchase] = intend(other, ["reservations"], 60)
    base.rows(f"UPDATE orders SET {change} RETURNING id")
    assert [item.state for item in intend(order, ["reservations"], 60)] in ([], [PurchaseState.INTENT])
    assert purchase.place_and_call("S-1", "pending", 60, note="placed")
    assert (purchase.state, purchase.begun) == (PurchaseState.PLACED, None)


def test_the_reference_is_saved_with_the_right_to_pay_for_it(database: Settings) -> None:
    [purchase] = intend(a_paid_order((a_product("reservations"), 1)), ["reservations"], 60)
    stale = Purchase.get_by_id(purchase.id)
    assert purchase.place_and_call("S-1", "pending", 60, note="placed")
    assert (purchase.state, purchase.attempt) == (PurchaseState.COMMITTING, 2)
    assert _trail(purchase)[2:] == [("sending", "placed", 1), ("placed", "committing", 2)]
    assert not stale.place_and_call("S-2", "pending", 60, note="placed")
    assert Purchase.get_by_id(purchase.id).supplier_ref == "S-1"


def test_the_last_line_that_is_bought_takes_its_order_along(database: Settings) -> None:
    order = a_paid_order((a_product("reservations"), 1), (a_product("kinguin"), 1))
    for purchase, completes in zip(intend(order), (False, True), strict=True):
        purchase.start_call(PurchaseState.SENDING, 60)
        purchase.advance(PurchaseState.PLACED, supplier_ref=f"S-{completes}")
        stale = Purchase.get_by_id(purchase.id)
        assert purchase.bought(note="bought", status="pending", actor="reserve", due=5)
        assert (purchase.state, purchase.completed) == (PurchaseState.WAITING, completes)
        assert not stale.bought(note="bought", status="pending", actor="reserve", due=5)
    assert again(order).state is OrderState.WAITING
    assert Move.get(Move.dst == "waiting").data == {"lines": 2}


def _trail(purchase: Purchase) -> list[tuple[str | None, str, int]]:
    moves = PurchaseMove.select().where(PurchaseMove.purchase == purchase.id).order_by(PurchaseMove.id)
    return [(move.src, move.dst, move.attempt) for move in moves]
