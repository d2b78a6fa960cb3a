"""Notices as admins look for them. No sealed body and no wrapped key is read here."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.lists import Listing, Sort, either, maker

__all__ = ["NOTICES", "NoticeFacts", "notice_facts", "pick_notices"]


@dataclass(frozen=True)
class NoticeFacts:
    id: uuid.UUID
    source: str
    event: str
    external_id: str | None
    order_id: uuid.UUID | None
    digest: str
    proof: str
    outcome: str
    size: int
    address: str
    repeats: int
    replays: int
    received_at: datetime
    seen_at: datetime
    verdict: str
    took_ms: float | None
    told_at: datetime | None
    expunged_at: datetime | None


NOTICES = Listing(
    name="webhook-logs",
    table="notices n",
    columns=(
        "n.id, n.source, n.event, n.external_id, n.order_id, n.digest, n.proof, n.outcome, n.size, n.address,"
        " n.repeats, n.replays, n.received_at, n.seen_at, n.verdict, n.took_ms, n.told_at, n.expunged_at"
    ),
    filters={
        "source": "n.source = %s",
        "event": "n.event = %s",
        "verdict": "n.verdict = %s",
        "outcome": "n.outcome = %s",
        "order_id": "n.order_id = %s",
        "external_id": "n.external_id = %s",
        "address": "n.address = %s",
        "repeated": either("n.repeats > 0", "n.repeats = 0"),
        "since": "n.received_at >= %s",
        "until": "n.received_at < %s",
    },
    sorts={"received_at": Sort("received_at")},
    usual="-received_at",
    make=maker(NoticeFacts),
)


def notice_facts(notice_id: uuid.UUID) -> NoticeFacts | None:
    return NOTICES.one(notice_id)


def pick_notices(filters: Mapping[str, Any], limit: int) -> tuple[int, list[uuid.UUID]]:
    """How many there are (at most lists.CAP + 1 are counted), and the first `limit` in the order in which they came."""
    count, found = NOTICES.picked(filters, sort="received_at", limit=limit)
    return count, [notice.id for notice in found]
