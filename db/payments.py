"""Payments: what a gateway collects for an order, and when it is asked about it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from peewee import DecimalField, ForeignKeyField, IntegerField, TextField, UUIDField

from bitloot.gateways.base import PaymentOpened
from bitloot.states import PaymentState
from db.base import Model, now, rows
from db.fields import StateField, TimeField
from db.orders import Order

__all__ = ["Payment", "Poll", "claim_polls", "open_payment", "stop_watching"]


class Payment(Model):
    order_id: uuid.UUID
    id = UUIDField(primary_key=True, default=uuid.uuid4)
    order = ForeignKeyField(Order, backref="payments", index=False)
    gateway = TextField()
    gateway_payment_id = TextField()
    state = StateField(PaymentState)
    rank = IntegerField()
    price = DecimalField(max_digits=12, decimal_places=2)
    currency = TextField()
    pay_amount = DecimalField(max_digits=38, decimal_places=18)
    pay_currency = TextField()
    pay_address = TextField()
    payin_extra_id = TextField(null=True)
    actually_paid = DecimalField(max_digits=38, decimal_places=18, null=True)
    told_at = TimeField(null=True)
    confirmed_at = TimeField(null=True)
    poll_at = TimeField(null=True)
    valid_until = TimeField(null=True)
    created_at = TimeField(default=now)
    updated_at = TimeField(default=now)

    class Meta:
        table_name = "payments"
        indexes = ((("gateway", "gateway_payment_id"), True),)


def open_payment(order: Order, gateway: str, opened: PaymentOpened, poll_seconds: float) -> Payment:
    """Remembers a payment that the gateway opened; the gateway is asked about it after `poll_seconds`."""
    rows(
        "INSERT INTO payments (id, order_id, gateway, gateway_payment_id, state, rank, price, currency, pay_amount,"
        " pay_currency, pay_address, payin_extra_id, valid_until, poll_at, created_at, updated_at) VALUES"
        " (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now() + %s * interval '1 second', now(), now())"
        " ON CONFLICT (gateway, gateway_payment_id) DO NOTHING RETURNING id",
        *(uuid.uuid4(), order.id, gateway, opened.payment_id, str(opened.state), opened.state.rank),
        *(order.price, order.currency, opened.pay_amount, opened.pay_currency, opened.pay_address),
        *(opened.payin_extra_id, opened.valid_until, poll_seconds),
    )
    return Payment.get(Payment.gateway == gateway, Payment.gateway_payment_id == opened.payment_id)


def finished_payment(order_id: uuid.UUID) -> Payment | None:
    """The payment that paid the order, one that the gateway confirmed before others; not one that was refunded."""
    tail = "WHERE t.order_id = %s AND t.state = %s ORDER BY t.confirmed_at NULLS LAST LIMIT 1"
    found = Payment.load(tail, order_id, str(PaymentState.FINISHED))
    return found[0] if found else None


@dataclass(frozen=True)
class Poll:
    """A payment about which the gateway is to be asked, after `wait` seconds."""

    payment_id: uuid.UUID
    wait: float


def claim_polls(limit: int, again: float, *, rate: float, window: float) -> list[Poll]:
    """Takes up to `limit` payments about which the gateway is to be asked within `window` seconds.

    All clocks together give no more than `rate` a second; the rest stays due. Late deposits send no IPN, so expired
    and partly paid payments are asked about as well (PROVIDERS.md §3.3).
    """
    found = rows("SELECT o_payment, o_wait FROM claim_polls(%s, %s, %s, %s)", limit, again, rate, window)
    return [Poll(uuid.UUID(str(payment_id)), float(wait)) for payment_id, wait in found]


def stop_watching(payment_id: uuid.UUID, watch_days: float) -> bool:
    """Asks no more about a payment that is older than this, now that the gateway has answered; whether so."""
    return bool(
        rows(
            "UPDATE payments SET poll_at = NULL WHERE id = %s AND poll_at IS NOT NULL"
            " AND created_at < now() - %s * interval '1 day' RETURNING id",
            *(payment_id, watch_days),
        )
    )
