"""Asks for notices to run again: one, or all that a filter finds, counted first and capped."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import dramatiq
import structlog

from actors.foresight import Foreseen, foresee
from actors.replay import replay
from bitloot.errors import Permanent
from bitloot.shop import Shop
from db import Notice
from db.notice_list import pick_notices
from db.replays import Due, ask_replays

__all__ = ["CAP", "Plan", "ReplayRefused", "plan_replays", "replay_many", "replay_one"]

log = structlog.get_logger(__name__)

#: Notices that one request may run again.
CAP = 500


class ReplayRefused(Permanent):
    """Nothing runs. `code` is stable: not_found, expunged, count_changed or too_many; the text says why."""

    default_code = "replay_refused"


@dataclass(frozen=True)
class Plan:
    """How many notices the filter finds, and what each of the first CAP would do."""

    count: int
    replays: list[Foreseen]


def plan_replays(shop: Shop, filters: Mapping[str, Any]) -> Plan:
    """Judges without any effect, in the order in which the notices came. Needs a connection scope."""
    count, ids = pick_notices(filters, CAP)
    notices = (Notice.get_by_id(notice_id) for notice_id in ids)
    return Plan(count, [foresee(shop, notice) for notice in notices])


def replay_many(
    filters: Mapping[str, Any], *, expected: int | None, by: str, reason: str, rate: float
) -> list[Due]:
    """Writes the replays down, `rate` a second; sweep sends them. `expected`: the count that the caller was told.

    Raises ReplayRefused; then nothing is written.
    """
    count, ids = pick_notices(filters, CAP)
    if expected != count:
        raise ReplayRefused(
            f"the filter finds {count} notices; name that count as expected", code="count_changed"
        )
    if count > CAP:
        raise ReplayRefused(f"the filter finds {count} notices; at most {CAP} run at once", code="too_many")
    due = ask_replays(ids, actor=by, reason=reason, rate=rate) if ids else []
    log.info("notices are to run again", action="replays_asked", count=len(due), by=by)
    return due


def replay_one(
    notice_id: uuid.UUID, *, by: str, reason: str, send: Callable[[dramatiq.Actor[..., None], str], object]
) -> uuid.UUID:
    """Writes the replay down and sends it; its id. Should `send` fail, sweep sends it. Raises ReplayRefused."""
    notice = Notice.get_or_none(Notice.id == notice_id)
    if notice is None:
        raise ReplayRefused("there is no notice by this id", code="not_found")
    if notice.expunged_at is not None:
        raise ReplayRefused(
            f"the body of this notice was deleted on {notice.expunged_at:%Y-%m-%d}", code="expunged"
        )
    [due] = ask_replays([notice_id], actor=by, reason=reason, rate=1)
    send(replay, str(due.replay_id))
    return due.replay_id
