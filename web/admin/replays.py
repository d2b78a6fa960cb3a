"""POST /admin/webhook-logs/{id}/replay, and …/replay for all that a filter finds."""

from __future__ import annotations

import uuid

from falcon import Request, Response

from actors.courier import post
from actors.foresight import foresee
from actors.replaying import CAP, ReplayRefused, plan_replays, replay_many, replay_one
from bitloot.shop import Shop
from db import Notice
from web.admin.notice_answers import Foreseen, Foresight, Replayed, ReplayedMany, ReplayMany, ReplayOne
from web.admin.once import once
from web.answers import answer
from web.auth import MAY_ACT, Gate, not_found
from web.body import read_model
from web.deadline import database
from web.describe import describe
from web.errors import Problem
from web.record import record

__all__ = ["WebhookReplay", "WebhookReplays"]

REFUSALS = [400, 401, 403, 404, 409, 413, 415, 422, 503]


class WebhookReplay:
    """Runs a notice again, through the same doors as the first time; or tells what that would do (`dryRun`)."""

    def __init__(self, shop: Shop, gate: Gate) -> None:
        self._shop = shop
        self._gate = gate

    @once
    @describe(
        "Run a notice again, or tell what that would do",
        who="admin",
        tag="admin",
        body=ReplayOne,
        answers={200: Foresight, 202: Replayed},
        codes={409: ["expunged"]},
        refusals=REFUSALS,
    )
    def on_post(self, req: Request, resp: Response, notice_id: uuid.UUID) -> None:
        admin = self._gate.admin(req, MAY_ACT)
        asked = read_model(req, ReplayOne)
        with database():
            notice = Notice.get_or_none(Notice.id == notice_id)
            if notice is None:
                raise not_found()
            if asked.dry_run:
                seen = Foreseen.model_validate(foresee(self._shop, notice))
                answer(resp, Foresight(count=1, cap=CAP, replays=[seen]))
                return
            details = {"notice": str(notice_id), "reason": asked.reason}
            record(req, admin, notice.order_id, "replay", "granted", details)
            try:
                replay_id = replay_one(notice_id, by=admin.label, reason=asked.reason, send=post)
            except ReplayRefused as refusal:
                record(req, admin, notice.order_id, "replay", refusal.code, details)
                raise _problem(refusal) from None
        answer(resp, Replayed(notice_id=notice_id, replay_id=replay_id), 202)


class WebhookReplays:
    """Runs many notices again, one after another: `dryRun` tells how many and what each would do, then `expected`
    names that count."""

    def __init__(self, shop: Shop, gate: Gate) -> None:
        self._shop = shop
        self._gate = gate

    @once
    @describe(
        "Run all notices again that a filter finds, or tell what that would do",
        who="admin",
        tag="admin",
        body=ReplayMany,
        answers={200: Foresight, 202: ReplayedMany},
        codes={409: ["count_changed", "too_many"]},
        refusals=[status for status in REFUSALS if status != 404],
    )
    def on_post(self, req: Request, resp: Response) -> None:
        admin = self._gate.admin(req, MAY_ACT)
        asked = read_model(req, ReplayMany)
        filters = asked.filters()
        with database():
            if asked.dry_run:
                plan = plan_replays(self._shop, filters)
                replays = [Foreseen.model_validate(one) for one in plan.replays]
                answer(resp, Foresight(count=plan.count, cap=CAP, replays=replays))
                return
            rate = self._shop.settings.replay_rate
            try:
                due = replay_many(
                    filters, expected=asked.expected, by=admin.label, reason=asked.reason, rate=rate
                )
            except ReplayRefused as refusal:
                raise _problem(refusal) from None
            shown = {name: str(value) for name, value in filters.items()}
            details = {"filter": shown, "count": len(due), "reason": asked.reason}
            record(req, admin, None, "replay_many", "granted", details)
        seconds = max((one.wait for one in due), default=0.0)
        answer(resp, ReplayedMany(count=len(due), seconds=round(seconds, 1)), 202)


def _problem(refusal: ReplayRefused) -> Problem:
    return Problem(409, refusal.code, f"{str(refusal).capitalize()}.")
