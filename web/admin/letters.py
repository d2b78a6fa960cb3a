"""The letters of an order, and sending one again."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from falcon import Request, Response
from pydantic import Field

from actors.courier import post
from actors.notify import KIND
from actors.write_letter import write_letter
from bitloot.states import OrderState
from db import Letter, Order
from db.base import transaction
from db.letters_due import ask_letter
from db.rights import give_right_anew
from web.admin.answers import Reason
from web.admin.once import once
from web.answers import Answer, answer
from web.auth import MAY_ACT, Gate, not_found
from web.body import read_model
from web.deadline import database
from web.describe import describe
from web.errors import Problem
from web.record import record

__all__ = ["OrderLetters", "ResendLetter"]


class LetterView(Answer):
    """`fate` is what the provider says became of it."""

    kind: str
    generation: int
    state: str
    fate: str | None
    recipient: str
    subject: str
    attempts: int
    error: str | None
    created_at: datetime
    sent_at: datetime | None


class Letters(Answer):
    order_id: uuid.UUID
    letters: list[LetterView]


class SendAgain(Reason):
    kind: Literal[
        "order_received", "payment_confirmed", "underpaid", "cannot_deliver", "keys_ready", "refund"
    ] = Field(description="`keys_ready` goes with a fresh link, and every older one ends.")


class Asked(Answer):
    done: bool
    order_id: uuid.UUID
    kind: str


class OrderLetters:
    """What was written to the buyer."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @describe(
        "The letters of an order",
        who="admin",
        tag="admin",
        answers={200: Letters},
        refusals=[401, 403, 404, 503],
    )
    def on_get(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        self._gate.admin(req)
        with database():
            if Order.find(order_id) is None:
                raise not_found()
            found = Letter.load("WHERE t.order_id = %s ORDER BY t.created_at, t.id", order_id)
        letters = [LetterView.model_validate(letter) for letter in found]
        answer(resp, Letters(order_id=order_id, letters=letters))


class ResendLetter:
    """Sends a letter again, to the order's own address."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @once
    @describe(
        "Send a letter again",
        who="admin",
        tag="admin",
        body=SendAgain,
        answers={202: Asked},
        codes={409: ["withdrawn", "not_ready", "no_letter"]},
        refusals=[400, 401, 403, 404, 409, 413, 415, 422, 503],
    )
    def on_post(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        admin = self._gate.admin(req, MAY_ACT)
        asked = read_model(req, SendAgain)
        with database():
            order = Order.find(order_id)
            if order is None:
                raise not_found()
            refusal = _refusal(order, asked.kind)
            with transaction():  # no link ends without the letter that brings the next
                if refusal is None and asked.kind == KIND and give_right_anew(order_id) is None:
                    refusal = Problem(409, "withdrawn", "The right to these keys was withdrawn.")
                due = ask_letter(order_id, asked.kind) if refusal is None else None
                told = {"kind": asked.kind, "reason": asked.reason}
                record(req, admin, order_id, "letter_again", "granted" if due else "refused", told)
        if refusal is not None:
            raise refusal
        if due is not None:
            post(write_letter, str(due))
        answer(resp, Asked(done=True, order_id=order_id, kind=asked.kind), 202)


def _refusal(order: Order, kind: str) -> Problem | None:
    if kind == KIND and order.state is not OrderState.FULFILLED:
        return Problem(409, "not_ready", f"An order that is {order.state} has no keys to write about.")
    sql = "WHERE t.order_id = %s AND t.kind = %s LIMIT 1"
    if not Letter.load(sql, order.id, kind):
        return Problem(409, "no_letter", "No letter of this kind was written for this order yet.")
    return None
