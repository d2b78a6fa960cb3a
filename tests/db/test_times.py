"""Time-to-key of one order: each stamp from the row that tells it, and whose time it was."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from bitloot.settings import Settings
from bitloot.states import OrderState, PurchaseState, SupplierStatus
from db import Order, Purchase
from db.times import Times, order_times
from tests.factories import a_paid_order, a_product, a_waiting_order, an_order
from tests.timeline import a_webhook, finished, stamp, stamp_purchase

PAID = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

#: A purchase as the ledger writes it: the call takes 300 ms.
ONE_CALL = (("intent", 0.01), ("sending", 0.02), ("placed", 0.32), ("waiting", 0.33), ("stored", 2.1))


def after(seconds: float) -> datetime:
    return PAID + timedelta(seconds=seconds)


def times_of(order: Order) -> Times:
    found = order_times(order.id)
    assert found is not None
    return found


def an_order_in_time(*, revealed: bool = True) -> tuple[Order, Purchase]:
    order, [purchase] = finished(revealed=revealed)
    stamp(order, PAID, intent=0.01, waiting=0.34, ready=2.0, fulfilled=2.1, mailed=2.2, revealed=60)
    stamp_purchase(purchase, PAID, *ONE_CALL)
    return order, purchase


def test_each_stamp_is_read_from_its_own_row(database: Settings) -> None:
    order, _ = an_order_in_time()
    found = times_of(order)
    assert (found.paid_at, found.intent_at, found.accepted_at) == (PAID, after(0.01), after(0.33))
    assert (found.done_at, found.sealed_at) == (after(2.0), after(2.1))
    assert (found.mailed_at, found.revealed_at) == (after(2.2), after(60))


def test_the_suppliers_time_is_its_calls_and_its_delivery_and_the_rest_is_ours(database: Settings) -> None:
    order, _ = an_order_in_time()
    found = times_of(order)
    assert found.total_seconds == pytest.approx(2.1)
    assert found.supplier_seconds == pytest.approx(0.30 + 1.67)  # the call, and from acceptance to delivery
    assert found.our_seconds == pytest.approx(0.13)


def test_the_webhooks_arrival_tells_when_the_supplier_was_done(database: Settings) -> None:
    order, purchase = an_order_in_time()
    a_webhook(purchase, SupplierStatus.PENDING, after(0.5))
    a_webhook(purchase, SupplierStatus.DELIVERED, after(1.5))
    a_webhook(purchase, SupplierStatus.DELIVERED, after(1.9))
    found = times_of(order)
    assert found.done_at == after(1.5)
    assert found.supplier_seconds == pytest.approx(0.30 + 1.17)


def test_a_webhook_that_came_before_the_answer_to_our_call_gives_no_negative_time(database: Settings) -> None:
    order, purchase = an_order_in_time()
    a_webhook(purchase, SupplierStatus.DELIVERED, after(0.2))
    found = times_of(order)
    assert found.done_at == found.accepted_at
    assert found.supplier_seconds == pytest.approx(0.30)


def test_lines_that_wait_side_by_side_count_once(database: Settings) -> None:
    order, purchases = finished((a_product("kinguin"), 1), (a_product("reservations"), 1))
    stamp(order, PAID, intent=0.01, ready=2.0, fulfilled=2.1)
    for purchase in purchases:
        stamp_purchase(purchase, PAID, *ONE_CALL)
    found = times_of(order)
    assert found.supplier_seconds == pytest.approx(0.30 + 1.67)
    a_webhook(purchases[0], SupplierStatus.DELIVERED, after(1.0))
    assert times_of(order).done_at == after(2.0)  # the other line's webhook never came


def test_doubt_and_search_are_our_time(database: Settings) -> None:
    order, purchase = an_order_in_time()
    stamp(order, PAID, ready=8.0, fulfilled=8.1)
    stamp_purchase(
        purchase,
        PAID,
        *(("intent", 0), ("sending", 0.1), ("ambiguous", 1.1), ("placed", 6.1), ("waiting", 6.1)),
        ("stored", 8.1),
    )
    found = times_of(order)
    assert found.supplier_seconds == pytest.approx(1.0 + 1.9)
    assert found.our_seconds == pytest.approx(8.1 - 2.9)


def test_what_is_not_reached_has_no_stamp(database: Settings) -> None:
    assert order_times(an_order().id) is None
    assert order_times(uuid.uuid4()) is None
    order = a_paid_order()
    found = times_of(order)
    assert (found.intent_at, found.accepted_at, found.done_at, found.sealed_at) == (None,) * 4
    assert (found.total_seconds, found.supplier_seconds, found.our_seconds) == (None, None, None)


def test_an_order_that_was_paid_again_counts_from_the_first_time(database: Settings) -> None:
    order = a_paid_order()
    stamp(order, PAID)
    order.advance(OrderState.FAILED, actor="test")
    order.advance(OrderState.PAID, actor="test")
    assert times_of(order).paid_at == PAID


def test_a_purchase_that_failed_was_intended_all_the_same(database: Settings) -> None:
    order, [purchase] = a_waiting_order()
    stamp(order, PAID, intent=0.5)
    purchase.advance(PurchaseState.FAILED)
    found = times_of(order)
    assert (found.intent_at, found.accepted_at) == (after(0.5), None)
