"""One notice, and what came with it."""

from __future__ import annotations

import uuid
from typing import Any

from falcon import Request, Response

from bitloot.redaction import redacted, redacted_headers
from bitloot.shop import Shop
from db import Notice as NoticeRow
from db import open_notice
from db.notice_list import notice_facts
from db.replays import replays_of
from web.admin.answers import Notice
from web.admin.notice_answers import Content, Run, WholeNotice
from web.answers import answer
from web.auth import Gate, not_found
from web.deadline import database
from web.describe import describe
from web.record import record

__all__ = ["WebhookContent", "WebhookLog"]


class WebhookLog:
    """One notice with its replays; its body stays sealed."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @describe(
        "One notice, with its replays",
        who="admin",
        tag="admin",
        answers={200: WholeNotice},
        refusals=[401, 403, 404, 503],
    )
    def on_get(self, req: Request, resp: Response, notice_id: uuid.UUID) -> None:
        self._gate.admin(req)
        with database():
            found = notice_facts(notice_id)
            if found is None:
                raise not_found()
            runs = [Run.model_validate(run) for run in replays_of(notice_id)]
        whole: dict[str, Any] = Notice.model_validate(found).model_dump(by_alias=False)
        answer(resp, WholeNotice(**whole, runs=runs))


class WebhookContent:
    """What a notice said, redacted; each look is recorded before it is given."""

    def __init__(self, shop: Shop, gate: Gate) -> None:
        self._vault = shop.vault
        self._gate = gate

    @describe(
        "What a notice said, redacted; the look is recorded",
        who="admin",
        tag="admin",
        answers={200: Content},
        refusals=[401, 403, 404, 503],
    )
    def on_get(self, req: Request, resp: Response, notice_id: uuid.UUID) -> None:
        admin = self._gate.admin(req)
        with database():
            notice = NoticeRow.get_or_none(NoticeRow.id == notice_id)
            if notice is None:
                raise not_found()
            record(req, admin, notice.order_id, "notice_look", "granted", {"notice": str(notice_id)})
        headers: dict[str, str] = {}
        body = None
        if notice.expunged_at is None:
            headers, plain = open_notice(self._vault, notice)
            headers, body = redacted_headers(headers), redacted(plain)
        content = Content(
            id=notice_id, trusted=True, headers=headers, body=body, expunged_at=notice.expunged_at
        )
        answer(resp, content)
