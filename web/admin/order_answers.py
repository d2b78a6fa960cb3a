"""What one order looks like to admins."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from pydantic import Field

from bitloot.order_actions import ACTIONS, objection_to
from db.order_detail import OrderDetail
from db.timeline import Happening
from web.admin.answers import Reservation
from web.admin.case_answers import CaseView, ToldView, case_view, told_view
from web.admin.row_answers import LetterRow, PaymentRow
from web.answers import Answer, Money

__all__ = [
    "Event",
    "FulfillmentView",
    "OrderDetailView",
    "TimelineView",
    "detail_view",
    "event_view",
    "fulfillment_view",
]


class Action(Answer):
    """What may be done: POST /admin/orders/{id}/{name}. `why` says why not now."""

    name: str
    allowed: bool
    why: str | None


class Held(Answer):
    """A person's hold: nothing is bought until it is released."""

    by: str
    why: str
    since: datetime


class DetailLine(Answer):
    id: uuid.UUID
    position: int
    product_id: uuid.UUID
    name: str
    quantity: int
    unit_price: Money
    supplier: str
    supplier_ref: str
    max_cost: Money
    cost_currency: str
    text_only: bool


class KeyView(Answer):
    """That a key lies in the store; nothing of what it is."""

    id: uuid.UUID
    line_id: uuid.UUID
    purchase_id: uuid.UUID
    supplier: str
    media_type: str
    stored_at: datetime


class RightView(Answer):
    """The buyer's right to the keys. `reveals` are counted since it was last given."""

    generation: int
    reveals: int
    withdrawn: str | None = Field(description="Why it was taken away.")


class OrderDetailView(Answer):
    """Of everything that belongs to the order the newest hundred; their lists tell the rest."""

    id: uuid.UUID
    state: str
    email: str
    price: Money
    currency: str
    pay_currency: str
    hold: str | None
    held: Held | None
    due_at: datetime | None
    created_at: datetime
    moved_at: datetime
    has_keys: bool = Field(description="The data key that opens its keys has not been destroyed.")
    right: RightView
    lines: list[DetailLine]
    payments: list[PaymentRow]
    purchases: list[Reservation]
    keys: list[KeyView]
    letters: list[LetterRow]
    cases: list[CaseView]
    actions: list[Action]


class LineFulfillment(Answer):
    line_id: uuid.UUID
    position: int
    name: str
    quantity: int
    keys_stored: int
    purchases: list[Reservation]
    keys: list[KeyView]


class FulfillmentView(Answer):
    order_id: uuid.UUID
    state: str
    hold: str | None
    has_keys: bool
    right: RightView
    lines: list[LineFulfillment]


class Event(Answer):
    """`kind`: move, notice, replay, payment, purchase, key, letter, case, access or job; `ref` is the id of that.
    `told` are the details for people."""

    at: datetime
    kind: str
    title: str
    details: dict[str, Any]
    told: list[ToldView]
    ref: str


def event_view(one: Happening) -> Event:
    return Event(**vars(one), told=told_view(one.details))


class TimelineView(Answer):
    order_id: uuid.UUID
    data: list[Event]
    truncated: bool = Field(description="Older events were left out.")


def detail_view(detail: OrderDetail) -> OrderDetailView:
    order = detail.order
    held = None
    if order.held_at is not None:
        held = Held(by=order.held_by or "", why=order.held_why or "", since=order.held_at)
    return OrderDetailView(
        id=order.id,
        state=str(order.state),
        email=order.email,
        price=order.price,
        currency=order.currency,
        pay_currency=order.pay_currency,
        hold=order.hold,
        held=held,
        due_at=order.due_at,
        created_at=order.created_at,
        moved_at=order.moved_at,
        has_keys=detail.stand.has_keys,
        right=RightView.model_validate(detail.right),
        lines=[DetailLine.model_validate(line) for line in detail.lines],
        payments=[PaymentRow.model_validate(payment) for payment in detail.payments],
        purchases=[Reservation.model_validate(purchase) for purchase in detail.purchases],
        keys=[KeyView.model_validate(key) for key in detail.keys],
        letters=[LetterRow.model_validate(letter) for letter in detail.letters],
        cases=[case_view(case) for case in detail.cases],
        actions=_actions(detail),
    )


def _actions(detail: OrderDetail) -> list[Action]:
    found = {name: objection_to(name, detail.stand) for name in ACTIONS}
    return [
        Action(name=name, allowed=objection is None, why=objection.why if objection else None)
        for name, objection in found.items()
    ]


def fulfillment_view(detail: OrderDetail) -> FulfillmentView:
    lines = [
        LineFulfillment(
            line_id=line.id,
            position=line.position,
            name=line.name,
            quantity=line.quantity,
            keys_stored=sum(key.line_id == line.id for key in detail.keys),
            purchases=[Reservation.model_validate(one) for one in detail.purchases if one.line_id == line.id],
            keys=[KeyView.model_validate(key) for key in detail.keys if key.line_id == line.id],
        )
        for line in detail.lines
    ]
    return FulfillmentView(
        order_id=detail.order.id,
        state=str(detail.order.state),
        hold=detail.order.hold,
        has_keys=detail.stand.has_keys,
        right=RightView.model_validate(detail.right),
        lines=lines,
    )
