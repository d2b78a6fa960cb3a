"""GET /admin/webhook-logs, one of them, and POST …/replay."""

from __future__ import annotations

import uuid

from falcon import Request, Response

from actors.courier import post
from actors.replay import replay
from db.lists import list_notices, notice_facts
from web.admin.answers import Notice, NoticeQuery, Reason, Replayed, read_query
from web.answers import Page, answer, page_of
from web.auth import MAY_ACT, Gate, not_found
from web.body import read_model
from web.deadline import database
from web.describe import describe
from web.record import record

__all__ = ["WebhookLog", "WebhookLogs", "WebhookReplay"]


class WebhookLogs:
    """IPNs and webhooks, newest first."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @describe(
        "IPNs and webhooks, newest first",
        who="admin",
        tag="admin",
        query=NoticeQuery,
        answers={200: Page[Notice]},
        refusals=[401, 403, 422, 503],
    )
    def on_get(self, req: Request, resp: Response) -> None:
        self._gate.admin(req)
        query = read_query(req, NoticeQuery)
        with database():
            found = list_notices(query.filters(), page=query.page, limit=query.limit)
        data = [Notice.model_validate(notice) for notice in found.rows]
        answer(resp, page_of(data, total=found.total, page=query.page, limit=query.limit))


class WebhookLog:
    """One notice; its body stays sealed."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @describe("One notice", who="admin", tag="admin", answers={200: Notice}, refusals=[401, 403, 404, 503])
    def on_get(self, req: Request, resp: Response, notice_id: uuid.UUID) -> None:
        self._gate.admin(req)
        with database():
            found = notice_facts(notice_id)
        if found is None:
            raise not_found()
        answer(resp, Notice.model_validate(found))


class WebhookReplay:
    """Runs a notice again, through the same doors as the first time."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @describe(
        "Run a notice again",
        who="admin",
        tag="admin",
        body=Reason,
        answers={202: Replayed},
        refusals=[400, 401, 403, 404, 413, 415, 422, 503],
    )
    def on_post(self, req: Request, resp: Response, notice_id: uuid.UUID) -> None:
        admin = self._gate.admin(req, MAY_ACT)
        reason = read_model(req, Reason).reason
        with database():
            found = notice_facts(notice_id)
            if found is None:
                raise not_found()
            details = {"notice": str(notice_id), "reason": reason}
            record(req, admin, found.order_id, "replay", "granted", details)
        post(replay, str(notice_id))
        answer(resp, Replayed(notice_id=notice_id), 202)
