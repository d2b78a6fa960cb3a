"""Payments as admins look for them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from db.lists import Listing, Sort, either, maker

__all__ = ["PAYMENTS", "PaymentFacts"]


@dataclass(frozen=True)
class PaymentFacts:
    id: uuid.UUID
    order_id: uuid.UUID
    order_state: str
    gateway: str
    gateway_payment_id: str
    state: str
    price: Decimal
    currency: str
    pay_amount: Decimal
    pay_currency: str
    pay_address: str
    payin_extra_id: str | None
    actually_paid: Decimal | None
    told_at: datetime | None
    confirmed_at: datetime | None
    poll_at: datetime | None
    valid_until: datetime | None
    created_at: datetime
    updated_at: datetime


PAYMENTS = Listing(
    name="payments",
    table="payments p",
    columns=(
        "p.id, p.order_id, o.state, p.gateway, p.gateway_payment_id, p.state, p.price, p.currency, p.pay_amount,"
        " p.pay_currency, p.pay_address, p.payin_extra_id, p.actually_paid, p.told_at, p.confirmed_at, p.poll_at,"
        " p.valid_until, p.created_at, p.updated_at"
    ),
    joins="JOIN orders o ON o.id = p.order_id",
    filters={
        "state": "p.state = %s",
        "gateway": "p.gateway = %s",
        "order_id": "p.order_id = %s",
        "payment_id": "p.gateway_payment_id = %s",
        "pay_currency": "p.pay_currency = lower(%s)",
        "pay_address": "p.pay_address = %s",
        "confirmed": either("p.confirmed_at IS NOT NULL", "p.confirmed_at IS NULL"),
        "since": "p.created_at >= %s",
        "until": "p.created_at < %s",
    },
    sorts={"created_at": Sort("created_at")},
    usual="-created_at",
    make=maker(PaymentFacts),
)
