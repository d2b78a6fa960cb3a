"""The shapes of answers about dead jobs, and of their list's query."""

from __future__ import annotations

import uuid
from datetime import datetime

from web.answers import Answer

__all__ = ["Job", "JobRetried", "WholeJob"]


class Job(Answer):
    """What an actor gave up on. `goneOn`: its order has moved since, or its letter has gone: nothing is left to do."""

    id: uuid.UUID
    actor: str
    subject_id: str
    order_id: uuid.UUID | None
    order_state: str | None
    gone_on: bool
    attempts: int
    deaths: int
    error_class: str
    error: str
    state: str
    failed_at: datetime
    retried_at: datetime | None
    retried_by: str | None
    retry_reason: str | None


class WholeJob(Job):
    """With the places that the error came through; no values are in it."""

    traceback: str


class JobRetried(Answer):
    job_id: uuid.UUID
    actor: str
    queued: bool = True
