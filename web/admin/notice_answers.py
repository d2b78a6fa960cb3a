"""The shapes of what admins see of notices beyond the list, and of replays that they ask for."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from web.admin.answers import Notice, Reason
from web.admin.queries import NoticeFilter
from web.answers import Answer

__all__ = [
    "Content",
    "Foreseen",
    "Foresight",
    "RefusedNotice",
    "ReplayMany",
    "ReplayOne",
    "Replayed",
    "ReplayedMany",
    "Run",
    "WholeNotice",
]


class Run(Answer):
    """One time that the notice ran again, or is to."""

    id: uuid.UUID
    actor: str
    reason: str
    asked_at: datetime
    due_at: datetime
    done_at: datetime | None
    outcome: str | None
    note: str | None


class WholeNotice(Notice):
    """One notice with its replays."""

    runs: list[Run]


class Content(Answer):
    """What came, for a person: harmless fields, and of all others only their size."""

    id: uuid.UUID
    trusted: bool
    headers: dict[str, str]
    body: Any
    expunged_at: datetime | None = None


class RefusedNotice(Answer):
    """A delivery that was refused. `verdict` says why; `source` is whom it claimed to come from."""

    id: uuid.UUID
    trusted: bool = False
    source: str
    verdict: str
    digest: str
    size: int
    address: str
    repeats: int
    received_at: datetime
    seen_at: datetime


class ReplayOne(Reason):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", str_strip_whitespace=True)

    dry_run: bool = False


class ReplayMany(NoticeFilter, ReplayOne):
    """`expected` is the count that a dry run told: if it is another by now, nothing runs."""

    expected: int | None = Field(default=None, ge=0)

    def filters(self) -> dict[str, Any]:
        return self.model_dump(exclude={"reason", "dry_run", "expected"}, exclude_none=True)


class Foreseen(Answer):
    """What one notice would do; where `change` is null, `why` says why nothing."""

    notice_id: uuid.UUID
    outcome: str
    order_id: uuid.UUID | None
    change: str | None
    why: str


class Foresight(Answer):
    dry_run: bool = True
    count: int
    cap: int
    replays: list[Foreseen]


class Replayed(Answer):
    notice_id: uuid.UUID
    replay_id: uuid.UUID
    queued: bool = True


class ReplayedMany(Answer):
    count: int
    seconds: float
    queued: bool = True
