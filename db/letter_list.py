"""Letters as admins look for them: never what they say, which holds a right."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from db.lists import Listing, Sort, maker

__all__ = ["LETTERS", "LetterFacts"]


@dataclass(frozen=True)
class LetterFacts:
    id: uuid.UUID
    order_id: uuid.UUID
    kind: str
    generation: int
    state: str
    fate: str | None
    fate_at: datetime | None
    recipient: str
    subject: str
    attempts: int
    provider: str | None
    provider_id: str | None
    error: str | None
    created_at: datetime
    sending_at: datetime | None
    sent_at: datetime | None


LETTERS = Listing(
    name="letters",
    table="letters t",
    columns=(
        "t.id, t.order_id, t.kind, t.generation, t.state, t.fate, t.fate_at, t.recipient, t.subject, t.attempts,"
        " t.provider, t.provider_id, t.error, t.created_at, t.sending_at, t.sent_at"
    ),
    filters={
        "state": "t.state = %s",
        "kind": "t.kind = %s",
        "fate": "t.fate = %s",
        "order_id": "t.order_id = %s",
        "recipient": "lower(t.recipient) = lower(%s)",
        "provider_id": "t.provider_id = %s",
        "since": "t.created_at >= %s",
        "until": "t.created_at < %s",
    },
    sorts={"created_at": Sort("created_at")},
    usual="-created_at",
    make=maker(LetterFacts),
)
