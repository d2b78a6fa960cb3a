"""Payments are found by the gateway's id, by address, and by whether they are confirmed."""

from __future__ import annotations

from bitloot.settings import Settings
from db import Payment
from db.payment_list import PAYMENTS
from tests.factories import a_paid_order, a_payment, an_order


def test_payments_are_found_by_every_filter(database: Settings) -> None:
    paid, waiting = a_paid_order(), a_payment(an_order())
    [confirmed] = Payment.load("WHERE t.order_id = %s", paid.id)
    for filters, payment in (
        *(
            ({"confirmed": True}, confirmed),
            ({"confirmed": False}, waiting),
            ({"state": "finished"}, confirmed),
        ),
        *(({"payment_id": waiting.gateway_payment_id}, waiting), ({"order_id": paid.id}, confirmed)),
        ({"pay_address": "bc1qtest", "pay_currency": "BTC", "until": confirmed.created_at}, None),
    ):
        found = PAYMENTS.page(filters, limit=5).rows
        assert [row.id for row in found] == ([payment.id] if payment else []), filters
    assert PAYMENTS.one(confirmed.id) == PAYMENTS.page({"confirmed": True}, limit=1).rows[0]
