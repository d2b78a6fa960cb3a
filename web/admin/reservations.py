"""GET /admin/reservations."""

from __future__ import annotations

from falcon import Request, Response

from db.lists import list_purchases
from web.admin.answers import Reservation, ReservationQuery, read_query
from web.answers import Page, answer, page_of
from web.auth import Gate
from web.deadline import database
from web.describe import describe

__all__ = ["Reservations"]


class Reservations:
    """Purchases, newest first."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @describe(
        "Purchases, newest first",
        who="admin",
        tag="admin",
        query=ReservationQuery,
        answers={200: Page[Reservation]},
        refusals=[401, 403, 422, 503],
    )
    def on_get(self, req: Request, resp: Response) -> None:
        self._gate.admin(req)
        query = read_query(req, ReservationQuery)
        with database():
            found = list_purchases(query.filters(), page=query.page, limit=query.limit)
        data = [Reservation.model_validate(purchase) for purchase in found.rows]
        answer(resp, page_of(data, total=found.total, page=query.page, limit=query.limit))
