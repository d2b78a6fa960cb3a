"""GET /admin/webhook-logs/refused, and what came with one of them. Nothing in there is to be believed."""

from __future__ import annotations

import uuid

from falcon import Request, Response

from bitloot.redaction import redacted, redacted_headers
from bitloot.shop import Shop
from db import Refused
from db.refused import list_refused, open_refused
from web.admin.answers import ListQuery, read_query
from web.admin.notice_answers import Content, RefusedNotice
from web.answers import Page, answer, page_of
from web.auth import Gate, not_found
from web.deadline import database
from web.describe import describe
from web.record import record

__all__ = ["RefusedContent", "RefusedNotices"]


class RefusedNotices:
    """Deliveries that were refused, newest first; the oldest give way."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @describe(
        "Refused deliveries, newest first: untrusted, for diagnosis",
        who="admin",
        tag="admin",
        query=ListQuery,
        answers={200: Page[RefusedNotice]},
        refusals=[401, 403, 422, 503],
    )
    def on_get(self, req: Request, resp: Response) -> None:
        self._gate.admin(req)
        query = read_query(req, ListQuery)
        with database():
            found, total = list_refused(page=query.page, limit=query.limit)
        data = [RefusedNotice.model_validate(refused) for refused in found]
        answer(resp, page_of(data, total=total, page=query.page, limit=query.limit))


class RefusedContent:
    """What a refused delivery said, cut and redacted; each look is recorded."""

    def __init__(self, shop: Shop, gate: Gate) -> None:
        self._vault = shop.vault
        self._gate = gate

    @describe(
        "What a refused delivery said, cut and redacted; the look is recorded",
        who="admin",
        tag="admin",
        answers={200: Content},
        refusals=[401, 403, 404, 503],
    )
    def on_get(self, req: Request, resp: Response, refused_id: uuid.UUID) -> None:
        admin = self._gate.admin(req)
        with database():
            refused = Refused.get_or_none(Refused.id == refused_id)
            if refused is None:
                raise not_found()
            record(req, admin, None, "notice_look", "granted", {"refused": str(refused_id)})
        headers, body = open_refused(self._vault, refused)
        answer(
            resp,
            Content(id=refused_id, trusted=False, headers=redacted_headers(headers), body=redacted(body)),
        )
