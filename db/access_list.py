"""Access records as admins look for them: the key audit."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.lists import Listing, Sort, maker

__all__ = ["ACCESSES", "AccessFacts"]


@dataclass(frozen=True)
class AccessFacts:
    id: int
    order_id: uuid.UUID | None
    action: str
    actor: str
    outcome: str
    address: str
    user_agent: str
    details: dict[str, Any]
    at: datetime
    seq: int | None


ACCESSES = Listing(
    name="key-audit",
    table="access_records a",
    columns="a.id, a.order_id, a.action, a.actor, a.outcome, a.address, a.user_agent, a.details, a.at, a.seq",
    filters={
        "order_id": "a.order_id = %s",
        "action": "a.action = %s",
        "actor": "a.actor = %s",
        "outcome": "a.outcome = %s",
        "address": "a.address = %s",
        "since": "a.at >= %s",
        "until": "a.at < %s",
    },
    sorts={"at": Sort("at")},
    usual="-at",
    make=maker(AccessFacts),
    key_type="bigint",
)
