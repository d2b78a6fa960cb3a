"""How far an order's keys are, and an admin's push."""

from __future__ import annotations

import uuid
from datetime import datetime

from falcon import Request, Response
from pydantic import Field

from actors.courier import post
from actors.sweep import STEP
from bitloot.money import VerdictKind
from bitloot.reasons import is_sold_out
from bitloot.settings import Settings
from bitloot.states import OrderState
from db import Order
from db.order_facts import OrderFacts, keys_per_line, order_facts
from db.rights import right_of
from web.admin.answers import Reason
from web.admin.once import once
from web.admission import REVEALABLE
from web.answers import Answer, answer
from web.auth import MAY_ACT, Gate, not_found
from web.body import read_model
from web.deadline import database
from web.describe import describe
from web.errors import Problem
from web.record import record
from web.rights import check_generation, standing

__all__ = ["Deliver", "FulfilmentStatus", "problem_of"]


class LineStatus(Answer):
    line: int
    name: str
    quantity: int
    keys_stored: int
    ready: bool = Field(description="All keys of this line are there.")


class StatusView(Answer):
    order_id: uuid.UUID
    status: str
    moved_at: datetime
    can_reveal: bool = Field(description="There are keys that the buyer may see, if not all of them yet.")
    right: str = Field(description="valid, used_up, withdrawn or expired.")
    problem: str | None = Field(
        default=None,
        description="Of a failed order: partly (some was bought), sold_out or failed; underpaid, of one in review.",
    )
    hold: str | None = Field(default=None, description="Why a paid order is parked; for admins.")
    lines: list[LineStatus]


def problem_of(facts: OrderFacts) -> str | None:
    """No more than a buyer is concerned with: codes are for admins."""
    if facts.order.state is OrderState.REVIEW and facts.moves[-1].reason == VerdictKind.UNDERPAID:
        return "underpaid"
    if facts.partly_bought:
        return "partly"
    if facts.failure is None:
        return None
    return "sold_out" if is_sold_out(facts.failure) else "failed"


class FulfilmentStatus:
    """How far the keys are."""

    def __init__(self, settings: Settings, gate: Gate) -> None:
        self._settings = settings
        self._gate = gate

    @describe(
        "How far an order's keys are",
        who="buyer or admin",
        tag="fulfillment",
        answers={200: StatusView},
        refusals=[401, 404, 503],
    )
    def on_get(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        viewer = self._gate.viewer_of(req, order_id)
        with database():
            facts = order_facts(order_id)
            stored = keys_per_line(order_id)
            right = right_of(order_id)
        if facts is None:
            raise not_found()
        check_generation(viewer, right)
        stands = standing(viewer, right, self._settings)
        order = facts.order
        lines = [
            LineStatus(
                line=row.position,
                name=row.name,
                quantity=row.quantity,
                keys_stored=stored[row.id],
                ready=stored[row.id] >= row.quantity,
            )
            for row in facts.lines
        ]
        answer(
            resp,
            StatusView(
                order_id=order.id,
                status=str(order.state),
                moved_at=order.moved_at,
                can_reveal=order.state in REVEALABLE and stored.total() > 0 and stands == "valid",
                right=stands,
                problem=problem_of(facts),
                hold=order.hold if viewer.is_admin else None,
                lines=lines,
            ),
        )


class Pushed(Answer):
    order_id: uuid.UUID
    status: str
    step: str


class Deliver:
    """Sends the step of the present state again. The step itself looks at payment and purchase before it acts."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @once
    @describe(
        "Push an order on",
        who="admin",
        tag="fulfillment",
        body=Reason,
        answers={202: Pushed},
        codes={409: ["nothing_due"]},
        refusals=[400, 401, 403, 404, 409, 413, 415, 422, 503],
    )
    def on_post(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        admin = self._gate.admin_of(req, order_id, MAY_ACT)
        reason = read_model(req, Reason).reason
        with database():
            order = Order.get_or_none(Order.id == order_id)
            if order is None:
                raise not_found()
            step = STEP.get(order.state)
            outcome = "granted" if step else "nothing_due"
            details = {"reason": reason, "state": str(order.state)}
            record(req, admin, order_id, "deliver", outcome, details)
        if step is None:
            raise Problem(409, "nothing_due", f"An order that is {order.state} has no step to repeat.")
        post(step, str(order_id))
        answer(resp, Pushed(order_id=order_id, status=str(order.state), step=step.actor_name), 202)
