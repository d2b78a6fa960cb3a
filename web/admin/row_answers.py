"""The shapes of rows in admins' lists that no other answer has."""

from __future__ import annotations

import uuid
from datetime import datetime

from pydantic import Field

from web.answers import Answer, Coins, Money

__all__ = ["Item", "LetterRow", "OrderRow", "PaymentRow", "ProductRow"]


class Item(Answer):
    name: str
    quantity: int


class OrderRow(Answer):
    """One order. `payment…` tells of the newest payment; `hold` why it is parked."""

    id: uuid.UUID
    state: str
    email: str
    price: Money
    currency: str
    pay_currency: str
    hold: str | None
    items: list[Item]
    payment_state: str | None
    gateway_payment_id: str | None
    open_cases: int
    created_at: datetime
    moved_at: datetime


class PaymentRow(Answer):
    """One payment. `confirmedAt`: when the gateway itself said `finished`; `pollAt`: when it is asked again."""

    id: uuid.UUID
    order_id: uuid.UUID
    order_state: str
    gateway: str
    gateway_payment_id: str
    state: str
    price: Money
    currency: str
    pay_amount: Coins
    pay_currency: str
    pay_address: str
    payin_extra_id: str | None
    actually_paid: Coins | None
    told_at: datetime | None
    confirmed_at: datetime | None
    poll_at: datetime | None
    valid_until: datetime | None
    created_at: datetime
    updated_at: datetime


class LetterRow(Answer):
    """One letter, never what it says. `fate` is what the provider says became of it."""

    id: uuid.UUID
    order_id: uuid.UUID
    kind: str
    generation: int
    state: str
    fate: str | None
    fate_at: datetime | None
    recipient: str
    subject: str
    attempts: int
    provider: str | None
    provider_id: str | None
    error: str | None
    created_at: datetime
    sending_at: datetime | None
    sent_at: datetime | None


class ProductRow(Answer):
    id: uuid.UUID
    sku: str
    name: str
    price: Money
    currency: str
    supplier: str
    supplier_ref: str
    max_cost: Money = Field(description="Never paid more for one.")
    cost_currency: str
    text_only: bool
    active: bool
    created_at: datetime
