"""What is left of a payment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from web.standins.payment import Payment

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PAYMENT = Payment(
    id=1,
    purchase_id=2,
    order_id="o",
    order_description=None,
    price_amount=Decimal(25),
    price_currency="eur",
    pay_amount=Decimal("0.0005"),
    pay_currency="btc",
    pay_address="a",
    payin_extra_id=None,
    ipn_url=None,
    fixed_rate=False,
    fee_paid_by_user=False,
    created=NOW,
    updated=NOW,
)


def test_fees_are_taken_from_what_was_paid_and_nothing_from_nothing() -> None:
    assert PAYMENT.outcome == 0
    paid = replace(PAYMENT, actually_paid=Decimal("0.0005"))
    assert paid.fees == (Decimal("0.0000021"), Decimal("0.00000250"))
    assert paid.outcome == Decimal("0.0004954")


def test_a_fixed_rate_ends_early() -> None:
    assert PAYMENT.valid_until - NOW == timedelta(days=7)
    assert replace(PAYMENT, fixed_rate=True).valid_until - NOW == timedelta(minutes=20)
