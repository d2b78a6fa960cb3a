"""Alarms: raised once for each stay in a state, ended when the order moves on; and the beat of sweep."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bitloot.settings import Settings
from bitloot.states import OrderState, PaymentState
from db import Case, Order, Payment, base
from db.stuck import beat, beat_age, end_stuck, expire_unpaid, open_cases, raise_alarms, stuck, sweep_age
from tests.factories import a_paid_order, a_payment, again, an_order, news_of, take

HOUR = 3600.0
DAY = 86_400.0

ROADS = {
    OrderState.CREATED: [],
    OrderState.PAID: [OrderState.PAID],
    OrderState.WAITING: [OrderState.PAID, OrderState.WAITING],
    OrderState.READY: [OrderState.PAID, OrderState.WAITING, OrderState.READY],
    OrderState.FULFILLED: [OrderState.PAID, OrderState.WAITING, OrderState.READY, OrderState.FULFILLED],
    OrderState.REVIEW: [OrderState.REVIEW],
    OrderState.FAILED: [OrderState.PAID, OrderState.FAILED],
    OrderState.REFUND_DUE: [OrderState.REVIEW, OrderState.REFUND_DUE],
}


def standing(state: OrderState, seconds: float) -> Order:
    """An order that came to `state` so long ago."""
    order = an_order()
    for onward in ROADS[state]:
        assert order.advance(onward, actor="test")
    age(order, seconds)
    return again(order)


def age(order: Order, seconds: float) -> None:
    base.rows(
        "UPDATE orders SET moved_at = now() - %s * interval '1 second' WHERE id = %s RETURNING id",
        seconds,
        order.id,
    )


@pytest.mark.parametrize("state", ROADS)
def test_an_order_past_its_deadline_is_a_case_once(database: Settings, state: OrderState) -> None:
    order = standing(state, HOUR)
    assert raise_alarms(state, 2 * HOUR, 10) == []
    [alarm] = raise_alarms(state, HOUR / 2, 10)
    assert (alarm.order_id, alarm.state) == (order.id, state)
    assert alarm.seconds >= HOUR
    assert raise_alarms(state, HOUR / 2, 10) == []
    case = Case.get()
    assert (case.kind, case.subject, case.order_id) == ("stuck", str(state), order.id)
    assert case.figures["deadline_seconds"] == HOUR / 2
    assert stuck() == {str(state): 1}
    assert open_cases() == {"stuck": 1}


@pytest.mark.parametrize("state", [OrderState.PAID, OrderState.REVIEW])
def test_the_alarm_ends_by_itself_when_the_order_moves_on(database: Settings, state: OrderState) -> None:
    order = standing(state, HOUR)
    raise_alarms(state, 1, 10)
    assert end_stuck(10) == []
    again(order).advance(OrderState.REFUND_DUE, actor="test")
    assert end_stuck(10) == [order.id]
    case = Case.get()
    assert (case.state, case.resolution, case.resolved_by) == ("resolved", "ended", "sweep")
    assert end_stuck(10) == []


def test_an_order_that_comes_back_to_a_state_is_alarmed_anew(database: Settings) -> None:
    order = standing(OrderState.PAID, HOUR)
    raise_alarms(OrderState.PAID, 1, 10)
    again(order).advance(OrderState.FAILED, actor="test")
    again(order).advance(OrderState.PAID, actor="test")
    assert end_stuck(10) == [order.id]
    age(order, HOUR)
    assert len(raise_alarms(OrderState.PAID, 1, 10)) == 1
    assert Case.select().count() == 2


def test_a_delivered_order_is_not_stuck_once_its_letter_went(database: Settings) -> None:
    order = standing(OrderState.FULFILLED, HOUR)
    assert len(raise_alarms(OrderState.FULFILLED, 1, 10)) == 1
    order.rest()
    assert end_stuck(10) == [order.id]
    other = standing(OrderState.FULFILLED, HOUR)
    other.rest()
    assert raise_alarms(OrderState.FULFILLED, 1, 10) == []


def test_an_alarm_that_a_person_has_seen_stays_silent(database: Settings) -> None:
    standing(OrderState.REVIEW, HOUR)
    raise_alarms(OrderState.REVIEW, 1, 10)
    Case.update(state="resolved", resolution="noted").execute()
    assert raise_alarms(OrderState.REVIEW, 1, 10) == []
    assert stuck() == {}


def test_alarms_come_in_batches_and_skip_nobody(database: Settings) -> None:
    orders = {standing(OrderState.REVIEW, HOUR).id for _ in range(5)}
    batches = [raise_alarms(OrderState.REVIEW, 1, 2) for _ in range(3)]
    assert {alarm.order_id for batch in batches for alarm in batch} == orders


def test_an_unpaid_order_ends_when_its_payments_are_watched_no_more(database: Settings) -> None:
    order, bare = standing(OrderState.CREATED, 8 * DAY), standing(OrderState.CREATED, 8 * DAY)
    young = an_order()
    payment = a_payment(order)
    assert expire_unpaid(7, 10) == [bare.id]
    base.rows("UPDATE payments SET poll_at = NULL RETURNING id")
    assert set(expire_unpaid(7, 10)) == {order.id, bare.id}
    assert young.id not in expire_unpaid(7, 10)
    take(news_of(payment, PaymentState.CONFIRMING, actually_paid=Decimal("0.0001")))
    base.rows("UPDATE payments SET poll_at = NULL RETURNING id")
    assert expire_unpaid(7, 10) == [bare.id]  # money is on its way: an alarm, not an end
    assert Payment.get().state is PaymentState.CONFIRMING


def test_the_beat_tells_how_long_nobody_swept(database: Settings) -> None:
    base.rows("UPDATE beats SET at = now() - interval '2 minutes' RETURNING name")
    assert 120 <= sweep_age() < 130
    beat()
    assert sweep_age() < 10


def test_an_order_that_moves_is_no_longer_alarmed(database: Settings) -> None:
    order = a_paid_order()
    age(order, HOUR)
    raise_alarms(OrderState.PAID, 1, 10)
    assert again(order).alarmed_at is not None
    order.advance(OrderState.WAITING, actor="test")
    assert again(order).alarmed_at is None


def test_what_never_beat_has_no_age(database: Settings) -> None:
    assert beat_age("sweep") == pytest.approx(sweep_age(), abs=5)
    assert beat_age("backup") is None
