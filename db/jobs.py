"""Dead jobs: what an actor gave up on, with a redacted traceback."""

from __future__ import annotations

import uuid

from peewee import IntegerField, TextField, UUIDField

from db.base import Model, now
from db.fields import TimeField

__all__ = ["Job", "bury"]

#: A traceback row is for reading, not for storage (characters).
MAX_TRACEBACK = 8_000


class Job(Model):
    id = UUIDField(primary_key=True, default=uuid.uuid4)
    actor = TextField()
    subject_id = TextField()
    message_id = TextField(unique=True)
    attempts = IntegerField()
    error_class = TextField()
    error = TextField()
    traceback = TextField()
    state = TextField(default="dead")
    failed_at = TimeField(default=now)

    class Meta:
        table_name = "jobs"


def bury(
    *,
    actor: str,
    subject_id: str,
    message_id: str,
    attempts: int,
    error_class: str,
    error: str,
    traceback: str,
) -> None:
    """Writes down a job that will not be tried again. Texts must be redacted already."""
    Job.insert(
        actor=actor,
        subject_id=subject_id,
        message_id=message_id,
        attempts=attempts,
        error_class=error_class,
        error=error[:500],
        traceback=traceback[-MAX_TRACEBACK:],
    ).on_conflict_ignore().execute()
