"""What is known of a purchase in doubt, by the database's clock and the log of notices."""

from __future__ import annotations

from datetime import timedelta

import pytest

import db
from bitloot.settings import Settings
from bitloot.states import PurchaseState
from db import Purchase, PurchaseMove, base
from db.looks import outlook_of, record_look, times_moved
from tests.db.test_notices import a_hint, a_webhook
from tests.factories import a_paid_order, intend


@pytest.fixture
def doubtful(database: Settings) -> Purchase:
    purchase = intend(a_paid_order())[0]
    purchase.start_call(PurchaseState.SENDING, 60)
    purchase.doubt((5.0, 20.0), note="timeout")
    return purchase


def test_doubt_sets_the_first_rung_and_forgets_the_lease(doubtful: Purchase) -> None:
    now = Purchase.get_by_id(doubtful.id)
    assert (now.state, now.looks, now.lease_until, now.error) == (
        PurchaseState.AMBIGUOUS,
        1,
        None,
        "timeout",
    )
    assert abs(now.look_at - doubtful.look_at) < timedelta(seconds=10)  # the next rung is later than that
    assert now.next_at == now.look_at


def test_leases_and_rungs_run_by_the_databases_clock(doubtful: Purchase) -> None:
    assert not outlook_of(doubtful).due
    base.rows("UPDATE purchases SET look_at = now() - interval '1 second' RETURNING id")
    assert outlook_of(doubtful).due
    base.rows("UPDATE purchases SET lease_until = now() + interval '1 minute' RETURNING id")
    assert not outlook_of(doubtful).lease_over
    base.rows("UPDATE purchases SET lease_until = now() - interval '1 second' RETURNING id")
    assert outlook_of(doubtful).lease_over


def test_a_look_is_a_row_that_moves_nothing(doubtful: Purchase) -> None:
    began = outlook_of(doubtful).at
    assert record_look(doubtful, "looked: none (1/2)", began, wait=20, climb=True)
    row = PurchaseMove.select().order_by(PurchaseMove.id.desc()).get()
    assert (row.src, row.dst, row.attempt, row.at) == ("ambiguous", "ambiguous", 1, began)
    assert row.note == "looked: none (1/2)"
    assert (Purchase.get_by_id(doubtful.id).looks, doubtful.looks) == (2, 2)


def test_of_two_workers_that_look_at_once_one_climbs(doubtful: Purchase) -> None:
    twin, began = Purchase.get_by_id(doubtful.id), outlook_of(doubtful).at
    assert record_look(doubtful, "looked: none", began, wait=20, climb=True)
    assert not record_look(twin, "looked: none", began, wait=20, climb=True)
    assert Purchase.get_by_id(doubtful.id).looks == 2


def test_a_look_that_was_overtaken_is_not_recorded(doubtful: Purchase) -> None:
    stale, began = Purchase.get_by_id(doubtful.id), outlook_of(doubtful).at
    doubtful.advance(PurchaseState.PLACED, supplier_ref="P1")
    assert not record_look(stale, "looked: none", began)


def named_by_webhook(purchase: Purchase, digest: str, ref: str) -> None:
    db.keep_hint(a_webhook(digest, ref), a_hint(ref, purchase.purchase_ref))


def test_a_webhook_names_a_reference_until_a_look_was_answered(doubtful: Purchase) -> None:
    named_by_webhook(doubtful, "one", "P1")
    assert outlook_of(doubtful).named == ("P1",)
    record_look(doubtful, "look failed: http_503", outlook_of(doubtful).at)
    assert outlook_of(doubtful).named == ("P1",)
    record_look(doubtful, "looked: none", outlook_of(doubtful).at)
    assert outlook_of(doubtful).named == ()
    named_by_webhook(doubtful, "two", "P1")
    assert outlook_of(doubtful).named == ("P1",)


def test_a_webhook_that_comes_while_the_supplier_is_asked_counts_for_the_next_look(
    doubtful: Purchase,
) -> None:
    began = outlook_of(doubtful).at
    named_by_webhook(doubtful, "one", "P1")
    record_look(doubtful, "looked: none", began)
    assert outlook_of(doubtful).named == ("P1",)


def test_a_reference_that_a_purchase_has_already_is_not_named(doubtful: Purchase) -> None:
    other = intend(a_paid_order())[0]
    other.start_call(PurchaseState.SENDING, 60)
    other.advance(PurchaseState.PLACED, supplier_ref="P1")
    named_by_webhook(doubtful, "one", "P1")
    assert outlook_of(doubtful).named == ()


def test_webhooks_before_the_doubt_count_and_those_of_other_orders_do_not(database: Settings) -> None:
    purchase, other = intend(a_paid_order())[0], intend(a_paid_order())[0]
    named_by_webhook(purchase, "one", "P1")
    named_by_webhook(other, "two", "P2")
    purchase.start_call(PurchaseState.SENDING, 60)
    purchase.doubt((5.0,), note="timeout")
    assert outlook_of(purchase).named == ("P1",)


def test_repeats_are_counted_by_their_rows(doubtful: Purchase) -> None:
    for number in (1, 2):
        doubtful.advance(PurchaseState.INTENT, note=f"repeat {number}/2")
        assert times_moved(doubtful, "ambiguous", "intent", "repeat ") == number
        doubtful.start_call(PurchaseState.SENDING, 60)
        doubtful.doubt((5.0,), note="timeout")
    doubtful.advance(PurchaseState.INTENT, note="beginning again is free here")
    assert times_moved(doubtful, "ambiguous", "intent", "repeat ") == 2
