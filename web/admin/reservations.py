"""GET /admin/reservations/{id}: one purchase with its steps, and with `live` the supplier's word on it."""

from __future__ import annotations

import uuid
from datetime import datetime

from falcon import Request, Response
from pydantic import BaseModel, ConfigDict, computed_field

from bitloot.reasons import reason
from bitloot.shop import Shop
from db.purchase_list import PURCHASES, purchase_steps
from web.admin.answers import Reservation, read_query
from web.admin.live import LiveStatus, Oracle
from web.answers import Answer, answer
from web.auth import Gate, not_found
from web.deadline import database
from web.describe import describe

__all__ = ["OneReservation"]


class LiveQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    live: bool = False


class Step(Answer):
    """One move of the purchase; `attempt` counts calls that may have spent money."""

    src: str | None
    dst: str
    attempt: int
    note: str
    at: datetime

    @computed_field(description="The note in words.")  # type: ignore[prop-decorator]
    @property
    def says(self) -> str:
        return reason(self.note)


class WholeReservation(Reservation):
    steps: list[Step]
    live: LiveStatus | None


class OneReservation:
    """The supplier is asked at most once in ten seconds; in between its last word is given again."""

    def __init__(self, shop: Shop, gate: Gate) -> None:
        self._oracle = Oracle(shop)
        self._gate = gate

    @describe(
        "One purchase with its steps; with `live` the supplier is asked where it stands",
        who="admin",
        tag="admin",
        query=LiveQuery,
        answers={200: WholeReservation},
        refusals=[401, 403, 404, 422, 503],
    )
    def on_get(self, req: Request, resp: Response, purchase_id: uuid.UUID) -> None:
        self._gate.admin(req)
        asked = read_query(req, LiveQuery)
        with database():
            found = PURCHASES.one(purchase_id)
            if found is None:
                raise not_found()
            steps = [Step.model_validate(step) for step in purchase_steps(purchase_id)]
        live = self._oracle.status(found) if asked.live else None
        purchase = Reservation.model_validate(found).model_dump(by_alias=False)
        answer(resp, WholeReservation(**purchase, steps=steps, live=live))
