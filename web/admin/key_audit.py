"""GET /admin/key-audit/{orderId}."""

from __future__ import annotations

import uuid

from falcon import Request, Response

from db.lists import list_accesses
from web.admin.answers import Access, AccessQuery, read_query
from web.answers import Page, answer, page_of
from web.auth import Gate
from web.deadline import database
from web.describe import describe

__all__ = ["KeyAudit"]


class KeyAudit:
    """Who looked at an order's keys, or asked for them."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @describe(
        "Who looked at an order's keys, oldest first",
        who="admin",
        tag="admin",
        query=AccessQuery,
        answers={200: Page[Access]},
        refusals=[401, 403, 422, 503],
    )
    def on_get(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        self._gate.admin(req)
        query = read_query(req, AccessQuery)
        with database():
            found = list_accesses(
                {"order_id": order_id} | query.filters(), page=query.page, limit=query.limit
            )
        data = [Access.model_validate(access) for access in found.rows]
        answer(resp, page_of(data, total=found.total, page=query.page, limit=query.limit))
