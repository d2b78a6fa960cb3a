"""What a person does to an order: judged against where it stands, in the commit that does it and tells of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from actors.bell import ring
from actors.resolve import resolve
from bitloot.errors import Permanent
from bitloot.order_actions import objection_to
from bitloot.states import OrderState
from db import Order
from db.base import transaction
from db.cases import end_cases, end_these, open_case
from db.payments import finished_payment
from db.resolutions import Refused, paid_for
from db.steering import BUY_AGAIN, Standing, hold_order, open_cases_of, release_order, standing_of

__all__ = ["Objected", "cancel", "hold", "mark_refunded", "release", "retry"]

#: Tells who did what with which outcome; called last in the commit, so that nothing is done untold.
Note = Callable[[str], None]


class Objected(Permanent):
    """It is not done; `code` is stable, the text is a sentence for whoever asked."""

    default_code = "not_now"


def hold(order_id: uuid.UUID, *, who: str, reason: str, note: Note) -> Order:
    """Nothing is bought for it until it is released. Raises Objected, as all here do."""
    return _act("hold", order_id, note, lambda _: hold_order(order_id, who=who, reason=reason))


def release(order_id: uuid.UUID, *, note: Note) -> Order:
    return _act("release", order_id, note, lambda _: release_order(order_id))


def cancel(order_id: uuid.UUID, *, who: str, reason: str, basis: Mapping[str, str], note: Note) -> Order:
    """Unpaid it ends; paid and not bought its money is due back: a case `refund` stands until it went."""
    return _act("cancel", order_id, note, lambda found: _cancel(found.order, who, reason, basis))


def mark_refunded(
    order_id: uuid.UUID, *, who: str, reason: str, basis: Mapping[str, str], note: Note
) -> Order:
    """The money went back. The right to its keys ends with it, at the next clean-up."""

    asked: list[uuid.UUID] = []  # what was due when it was said; money that comes later is due by itself

    def effect(found: Standing) -> None:
        asked.extend(open_cases_of(order_id, "refund"))
        if not asked:
            found.order.advance(OrderState.REFUNDED, actor=who, reason=f"refunded: {reason}")

    done = _act("refunded", order_id, note, effect)
    for case_id in asked:
        _answer(case_id, "refunded", note, who=who, reason=reason, basis=basis)
    return Order.get_by_id(done.id)


def retry(order_id: uuid.UUID, *, who: str, reason: str, note: Note) -> Order:
    """Its step is due now; a failed order is bought again where its case offers that."""

    failures: list[uuid.UUID] = []

    def effect(found: Standing) -> None:
        if found.order.state is not OrderState.FAILED:
            found.order.look_again(0)
            return
        failures.extend(open_cases_of(order_id, *BUY_AGAIN))
        end_these(failures[1:], who=who, reason=reason)  # of its other lines: they are bought again as well

    _act("retry", order_id, note, effect)
    for case_id in failures[:1]:
        _answer(case_id, "retry", note, who=who, reason=reason, basis={})
    return Order.get_by_id(order_id)


def _act(name: str, order_id: uuid.UUID, note: Note, effect: Callable[[Standing], None]) -> Order:
    try:
        with transaction():
            found = standing_of(order_id, lock=True)
            if found is None:
                raise Objected("There is no such order.", code="not_found")
            objection = objection_to(name, found.stand)
            if objection is not None:
                raise Objected(objection.why, code=objection.code)
            effect(found)
            note("granted")
    except Objected as error:
        if error.code != "not_found":  # a record is of an order
            note(error.code)
        raise
    ring()
    return found.order


def _answer(case_id: uuid.UUID, move: str, note: Note, **how: Any) -> None:
    """Somebody may have answered it in between: then that is told too."""
    try:
        resolve(case_id, move, **how)
    except Refused as error:
        note(error.code)
        raise


def _cancel(order: Order, who: str, reason: str, given: Mapping[str, str]) -> None:
    told = f"canceled: {reason}"[:600]
    if order.state is OrderState.CREATED:
        order.advance(OrderState.EXPIRED, actor=who, reason=told)
        return
    payment = finished_payment(order.id)
    basis = {**paid_for(order), **given}
    if payment is None or not basis.get("amount", "").strip("0.") or not basis.get("coin"):
        raise Objected("Say what goes back: amount (above zero) and coin.", code="no_basis")
    figures = {
        "received_amount": basis["amount"],
        "received_coin": basis["coin"],
        "address": basis.get("address", ""),
        "of": "canceled",
        "payment_id": payment.gateway_payment_id,
    }
    open_case(order.id, payment.id, "refund", {name: value for name, value in figures.items() if value})
    _end_failures(order.id, who, told)
    order.advance(OrderState.REFUND_DUE, actor=who, reason=told)


def _end_failures(order_id: uuid.UUID, who: str, reason: str) -> None:
    for kind in BUY_AGAIN:
        end_cases(order_id, kind, who=who, reason=reason)
