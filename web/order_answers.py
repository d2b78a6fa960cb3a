"""What buyers send to place an order, and what orders look like."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from bitloot.amounts import EXACT
from bitloot.strict_json import dumps
from db import Payment
from db.order_facts import OrderFacts
from web.answers import Answer, Coins, Money

__all__ = ["OrderPlaced", "OrderView", "PaymentView", "PlaceOrder", "order_view", "payment_view"]


class Item(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True, frozen=True)

    product_id: Annotated[str, StringConstraints(min_length=1, max_length=100)] = Field(
        description="A product's id or its sku."
    )
    quantity: int = Field(ge=1, le=9)


class PlaceOrder(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True, frozen=True)

    email: Annotated[str, StringConstraints(min_length=3, max_length=254)]
    items: list[Item] = Field(min_length=1, max_length=10)
    pay_currency: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{2,20}$")] = Field(
        description="The coin to pay with, as the gateway spells it."
    )

    def digest(self, email: str) -> str:
        """Equal for requests that mean the same."""
        meant = self.model_dump() | {"email": email, "pay_currency": self.pay_currency.lower()}
        return hashlib.sha256(dumps(meant)).hexdigest()


class PaymentView(Answer):
    """Where to send how much."""

    payment_id: str
    status: str
    pay_address: str
    payin_extra_id: str | None
    pay_amount: Coins
    pay_currency: str
    actually_paid: Coins | None
    missing: Coins | None = Field(
        description="How much less than asked has come, in `payCurrency`, once something has."
    )
    surplus: Coins | None = Field(description="How much more than asked has come.")
    valid_until: datetime | None


class OrderPlaced(Answer):
    order_id: uuid.UUID
    status: str
    price: Money
    currency: str
    payment: PaymentView
    access_token: str = Field(description="Gives the right to this order; send it as a bearer token.")
    links: dict[str, str]


class LineView(Answer):
    position: int
    product_id: uuid.UUID
    name: str
    quantity: int
    unit_price: Money


class MoveView(Answer):
    """One change of state. Who and why is for admins."""

    seq: int
    src: str | None
    dst: str
    at: datetime
    actor: str | None = None
    reason: str | None = None
    data: dict[str, Any] | None = None


class OrderView(Answer):
    order_id: uuid.UUID
    status: str
    email: str
    price: Money
    currency: str
    pay_currency: str
    hold: str | None = Field(default=None, description="Why a paid order is parked; for admins.")
    created_at: datetime
    moved_at: datetime
    lines: list[LineView]
    payment: PaymentView | None = Field(description="The newest one.")
    moves: list[MoveView]


def payment_view(payment: Payment) -> PaymentView:
    return PaymentView(
        payment_id=payment.gateway_payment_id,
        status=str(payment.state),
        pay_address=payment.pay_address,
        payin_extra_id=payment.payin_extra_id,
        pay_amount=payment.pay_amount,
        pay_currency=payment.pay_currency,
        actually_paid=payment.actually_paid,
        missing=_above(payment.pay_amount, payment.actually_paid) if payment.actually_paid else None,
        surplus=_above(payment.actually_paid, payment.pay_amount),
        valid_until=payment.valid_until,
    )


def _above(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """By how much; None where it is not."""
    return EXACT.subtract(one, other) if one is not None and other is not None and one > other else None


def order_view(facts: OrderFacts, *, for_admin: bool) -> OrderView:
    order = facts.order
    return OrderView(
        order_id=order.id,
        status=str(order.state),
        email=order.email,
        price=order.price,
        currency=order.currency,
        pay_currency=order.pay_currency,
        hold=order.hold if for_admin else None,
        created_at=order.created_at,
        moved_at=order.moved_at,
        lines=[LineView.model_validate(line) for line in facts.lines],
        payment=payment_view(facts.payments[0]) if facts.payments else None,
        moves=[_move_view(move, for_admin) for move in facts.moves],
    )


def _move_view(move: Any, for_admin: bool) -> MoveView:
    view = MoveView(seq=move.seq, src=move.src, dst=move.dst, at=move.at)
    if not for_admin:
        return view
    return view.model_copy(update={"actor": move.actor, "reason": move.reason, "data": move.data})
