"""GET /admin/key-audit/{orderId}."""

from __future__ import annotations

import uuid

from falcon import Request, Response

from db.access_list import ACCESSES
from web.admin.answers import Access
from web.admin.listing import Told, list_page
from web.admin.queries import AccessQuery
from web.answers import Page
from web.auth import Gate
from web.describe import describe

__all__ = ["KeyAudit"]

OF_ONE_ORDER = Told("Who looked at an order's keys", ACCESSES, AccessQuery, Access)


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
        list_page(req, resp, OF_ONE_ORDER, order_id)
