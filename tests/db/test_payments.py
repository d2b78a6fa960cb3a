"""Payments: opened once, asked about while they are open."""

from __future__ import annotations

from decimal import Decimal

import db
from bitloot.gateways.base import PaymentOpened
from bitloot.settings import Settings
from bitloot.states import PaymentState
from db import Payment, base, open_payment
from tests.factories import GATEWAY, a_payment, an_order, news_of, take


def test_the_same_payment_is_opened_once(database: Settings) -> None:
    order, other = an_order(), an_order()
    opened = PaymentOpened("77", "addr", None, Decimal("0.1"), "btc", None, PaymentState.WAITING)
    first = open_payment(order, GATEWAY, opened, poll_seconds=60)
    second = open_payment(other, GATEWAY, opened, poll_seconds=60)
    assert first.id == second.id
    assert second.order_id == order.id


def test_open_payments_are_polled_until_they_end(database: Settings) -> None:
    payment = a_payment(an_order())
    base.rows("UPDATE payments SET poll_at = now() - interval '1 second' RETURNING id")
    assert db.claim_polls(10, 60, 7) == [str(payment.id)]
    assert db.claim_polls(10, 60, 7) == []
    take(news_of(payment))
    assert Payment.get_by_id(payment.id).poll_at is None


def test_an_expired_payment_is_still_watched_then_given_up(database: Settings) -> None:
    payment = a_payment(an_order())
    take(news_of(payment, PaymentState.EXPIRED))
    assert Payment.get_by_id(payment.id).poll_at is not None
    base.rows("UPDATE payments SET poll_at = now(), created_at = now() - interval '8 days' RETURNING id")
    assert db.claim_polls(10, 60, 7) == [str(payment.id)]
    assert Payment.get_by_id(payment.id).poll_at is None
