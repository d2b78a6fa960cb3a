"""Payments: opened once, asked about while they are open."""

from __future__ import annotations

import itertools
import uuid
from decimal import Decimal

import pytest

from bitloot.gateways.base import PaymentOpened
from bitloot.settings import Settings
from bitloot.states import PaymentState
from db import Payment, base, claim_polls, open_payment
from db.payments import stop_watching
from tests.factories import GATEWAY, a_payment, an_order, news_of, take


def test_the_same_payment_is_opened_once(database: Settings) -> None:
    order, other = an_order(), an_order()
    opened = PaymentOpened("77", "addr", None, Decimal("0.1"), "btc", None, PaymentState.WAITING)
    first = open_payment(order, GATEWAY, opened, poll_seconds=60)
    second = open_payment(other, GATEWAY, opened, poll_seconds=60)
    assert first.id == second.id
    assert second.order_id == order.id


def due(*payments: Payment) -> None:
    ids = [str(payment.id) for payment in payments]
    base.rows(
        "UPDATE payments SET poll_at = now() - interval '1 second' WHERE id = ANY(%s::uuid[]) RETURNING id",
        ids,
    )


def claimed(limit: int = 10, **options: float) -> list[uuid.UUID]:
    return [poll.payment_id for poll in claim_polls(limit, 60, **{"rate": 100.0, "window": 10.0} | options)]


def seconds_to_next(payment: Payment) -> float:
    sql = "SELECT extract(epoch FROM poll_at - now()) FROM payments WHERE id = %s"
    return float(base.rows(sql, payment.id)[0][0])


def test_open_payments_are_polled_until_they_end(database: Settings) -> None:
    payment = a_payment(an_order())
    due(payment)
    assert claimed() == [payment.id]
    assert claimed() == []
    take(news_of(payment))
    assert Payment.get_by_id(payment.id).poll_at is None


@pytest.mark.parametrize(
    "state", [PaymentState.EXPIRED, PaymentState.PARTIALLY_PAID, PaymentState.CONFIRMING]
)
def test_a_payment_is_watched_for_days_whatever_it_is_by_now(database: Settings, state: PaymentState) -> None:
    payment = a_payment(an_order())
    take(news_of(payment, state, actually_paid=Decimal("0.0001")))
    base.rows("UPDATE payments SET created_at = now() - interval '6 days' RETURNING id")
    due(payment)
    assert claimed() == [payment.id]
    assert not stop_watching(payment.id, 7)
    assert Payment.get_by_id(payment.id).poll_at is not None


def test_the_watch_ends_with_an_answer_after_its_days(database: Settings) -> None:
    payment = a_payment(an_order())
    base.rows("UPDATE payments SET created_at = now() - interval '8 days' RETURNING id")
    due(payment)
    assert claimed() == [payment.id]
    assert Payment.get_by_id(payment.id).poll_at is not None  # asked, and not yet answered
    assert stop_watching(payment.id, 7)
    assert Payment.get_by_id(payment.id).poll_at is None


def test_old_payments_are_asked_about_less_often(database: Settings) -> None:
    young, old, oldest = (a_payment(an_order()) for _ in range(3))
    base.rows("UPDATE payments SET created_at = now() - interval '1 hour' WHERE id = %s RETURNING id", old.id)
    base.rows(
        "UPDATE payments SET created_at = now() - interval '3 days' WHERE id = %s RETURNING id", oldest.id
    )
    due(young, old, oldest)
    assert len(claimed()) == 3
    assert 59 < seconds_to_next(young) <= 60
    assert 359 < seconds_to_next(old) <= 361
    assert 7199 < seconds_to_next(oldest) <= 7200
    take(news_of(oldest, PaymentState.WAITING))
    assert 7199 < seconds_to_next(oldest) <= 7200  # an answer keeps to the same pace


def test_all_clocks_together_keep_to_the_gateways_pace(database: Settings) -> None:
    due(*(a_payment(an_order()) for _ in range(12)))
    first = claim_polls(100, 60, rate=3, window=2)
    second = claim_polls(100, 60, rate=3, window=2)
    assert len(first) == 6
    assert len(second) <= 1  # the slots of these two seconds are given; what passed since may free one
    waits = [poll.wait for poll in [*first, *second]]
    assert all(later - sooner > 0.3 for sooner, later in itertools.pairwise(waits))
    base.rows("UPDATE beats SET at = now() - interval '1 minute' WHERE name = 'polls' RETURNING name")
    assert len(claim_polls(100, 60, rate=3, window=2)) == 6 - len(second)


def test_a_slow_pace_still_asks(database: Settings) -> None:
    due(a_payment(an_order()), a_payment(an_order()))
    assert len(claim_polls(100, 60, rate=0.5, window=0.1)) == 1


def test_a_payment_that_never_answers_does_not_starve_the_rest(database: Settings) -> None:
    payments = [a_payment(an_order()) for _ in range(4)]
    due(*payments)
    assert {one for _ in range(2) for one in claimed(2)} == {payment.id for payment in payments}
