"""POST /admin/orders/{id}/…: hold, release, cancel, refunded, retry. Each tells why not, and is recorded either way."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from falcon import Request, Response
from pydantic import Field

from actors import steer, workshop
from actors.clear import clear
from actors.courier import post
from actors.steer import Objected
from actors.sweep import STEP
from bitloot.shop import Shop
from bitloot.states import OrderState
from db import Order
from db.resolutions import Refused
from web.admin.answers import Reason
from web.admin.case_answers import Basis
from web.admin.letters import OrderLetters, ResendLetter
from web.admin.once import once
from web.admin.rights import KeyView, Revoke
from web.answers import Answer, answer
from web.auth import MAY_ACT, Gate, not_found
from web.body import read_model
from web.deadline import database
from web.describe import describe
from web.errors import Problem
from web.openapi import Route
from web.record import record

__all__ = ["Cancel", "Hold", "MarkRefunded", "Release", "Retry", "order_acts"]

#: What stands in the way of an act (bitloot/order_actions.py), or of answering the cases that go with it.
CODES: Mapping[int, tuple[str, ...]] = {
    409: (
        *("not_now", "already_held", "not_held", "held", "case_open", "cases_open", "over", "delivered"),
        *("bought", "buying_now", "nothing_due", "already_resolved", "not_manual", "no_basis"),
    ),
    422: ("no_basis",),
}

REFUSALS = [400, 401, 403, 404, 409, 413, 415, 422, 503]

Note = Callable[[str], None]


class Done(Answer):
    """`status` is where the order stands now."""

    done: bool = True
    order_id: uuid.UUID
    status: str
    step: str | None = Field(default=None, description="The step that was sent again.")


class WithBasis(Reason):
    basis: Basis | None = Field(
        default=None, description="What goes back, or went: amount, coin, address, transaction."
    )

    def given(self) -> dict[str, str]:
        return self.basis.model_dump(exclude_none=True) if self.basis else {}


R = TypeVar("R", bound=Reason)

Responder = TypeVar("Responder", bound=Callable[..., None])


@dataclass(frozen=True)
class _Asked(Generic[R]):
    """Who wants it, and what was sent. `note` records what came of it."""

    who: str
    sent: R
    note: Note


def _act(summary: str, body: type[Reason] = Reason) -> Callable[[Responder], Responder]:
    """What the five promise alike."""
    promise = describe(
        summary,
        who="admin",
        tag="admin",
        body=body,
        answers={200: Done},
        codes=CODES,
        refusals=REFUSALS,
    )
    return lambda responder: once(promise(responder))


class _Steering:
    """What the five have in common: who may, what is recorded, how a refusal is told."""

    def __init__(self, shop: Shop, gate: Gate) -> None:
        workshop.use(shop)
        self._gate = gate

    def _do(
        self, req: Request, order_id: uuid.UUID, name: str, body: type[R], act: Callable[[_Asked[R]], Order]
    ) -> Order:
        admin = self._gate.admin(req, MAY_ACT)
        sent = read_model(req, body)

        def note(outcome: str) -> None:
            record(req, admin, order_id, name, outcome, {"reason": sent.reason})

        with database():
            try:
                return act(_Asked(admin.label, sent, note))
            except Objected as error:
                if error.code == "not_found":
                    raise not_found() from None
                raise Problem(422 if error.code == "no_basis" else 409, error.code, str(error)) from None
            except Refused as error:
                raise Problem(409, error.code, str(error), **error.facts) from None

    @staticmethod
    def _answer(resp: Response, order: Order, step: str | None = None) -> None:
        answer(resp, Done(order_id=order.id, status=str(order.state), step=step))


class Hold(_Steering):
    """Nothing is bought for the order until it is released."""

    @_act("Hold an order: nothing is bought for it until it is released")
    def on_post(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        def act(asked: _Asked[Reason]) -> Order:
            return steer.hold(order_id, who=asked.who, reason=asked.sent.reason, note=asked.note)

        self._answer(resp, self._do(req, order_id, "hold", Reason, act))


class Release(_Steering):
    @_act("Let a held order go on")
    def on_post(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        def act(asked: _Asked[Reason]) -> Order:
            return steer.release(order_id, note=asked.note)

        order = self._do(req, order_id, "release", Reason, act)
        if order.state is OrderState.PAID:
            post(STEP[order.state], str(order_id))
        self._answer(resp, order)


class Cancel(_Steering):
    """An unpaid order ends; of a paid one that nothing was bought for, the money is due back."""

    @_act("Cancel an order that nothing was bought for", WithBasis)
    def on_post(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        def act(asked: _Asked[WithBasis]) -> Order:
            basis = asked.sent.given()
            return steer.cancel(
                order_id, who=asked.who, reason=asked.sent.reason, basis=basis, note=asked.note
            )

        self._answer(resp, self._do(req, order_id, "cancel", WithBasis, act))


class MarkRefunded(_Steering):
    """The money went back. The right to the order's keys ends with it."""

    @_act("Say that an order's money went back", WithBasis)
    def on_post(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        def act(asked: _Asked[WithBasis]) -> Order:
            basis = asked.sent.given()
            return steer.mark_refunded(
                order_id, who=asked.who, reason=asked.sent.reason, basis=basis, note=asked.note
            )

        order = self._do(req, order_id, "refunded", WithBasis, act)
        post(clear)
        self._answer(resp, order)


class Retry(_Steering):
    """The step of its state runs again, and looks at payment and purchases itself before it acts."""

    @_act("Let an order's step run again; a failed order is bought again where its case offers that")
    def on_post(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        def act(asked: _Asked[Reason]) -> Order:
            return steer.retry(order_id, who=asked.who, reason=asked.sent.reason, note=asked.note)

        order = self._do(req, order_id, "retry", Reason, act)
        step = STEP.get(order.state)
        if step is not None:
            post(step, str(order_id))
        self._answer(resp, order, step.actor_name if step else None)


def order_acts(shop: Shop, gate: Gate) -> list[Route]:
    path = "/admin/orders/{order_id:uuid}"
    return [
        (f"{path}/hold", Hold(shop, gate)),
        (f"{path}/release", Release(shop, gate)),
        (f"{path}/cancel", Cancel(shop, gate)),
        (f"{path}/refunded", MarkRefunded(shop, gate)),
        (f"{path}/retry", Retry(shop, gate)),
        (f"{path}/letters", OrderLetters(gate)),
        (f"{path}/resend-letter", ResendLetter(gate)),
        (f"{path}/revoke", Revoke(gate)),
        (f"{path}/keys", KeyView(shop, gate)),
    ]
