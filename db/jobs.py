"""Dead jobs: what an actor gave up on, with a redacted traceback, and who sent it again."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from peewee import ForeignKeyField, IntegerField, TextField, UUIDField

from db.base import Model, now, rows
from db.fields import TimeField, as_uuid
from db.lists import Listing, Sort, maker
from db.orders import Order

__all__ = [
    "JOBS",
    "Job",
    "JobFacts",
    "bury",
    "claim_job",
    "count_dead_jobs",
    "job_facts",
    "put_job_back",
]

#: A traceback row is for reading, not for storage (characters).
MAX_TRACEBACK = 8_000


class Job(Model):
    order_id: uuid.UUID | None
    id = UUIDField(primary_key=True, default=uuid.uuid4)
    actor = TextField()
    subject_id = TextField()
    order = ForeignKeyField(Order, null=True, backref="jobs", index=False)
    message_id = TextField(unique=True)
    attempts = IntegerField()
    deaths = IntegerField(default=1)
    error_class = TextField()
    error = TextField()
    traceback = TextField()
    state = TextField(default="dead")
    failed_at = TimeField(default=now)
    retried_at = TimeField(null=True)
    retried_by = TextField(null=True)
    retry_reason = TextField(null=True)

    class Meta:
        table_name = "jobs"


@dataclass(frozen=True)
class JobFacts:
    id: uuid.UUID
    actor: str
    subject_id: str
    order_id: uuid.UUID | None
    order_state: str | None
    gone_on: bool  # its order has moved since, or its letter has gone
    needs_person: bool  # one of its order's purchases is `manual`
    attempts: int
    deaths: int
    error_class: str
    error: str
    traceback: str
    state: str
    failed_at: datetime
    retried_at: datetime | None
    retried_by: str | None
    retry_reason: str | None


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
    """Writes down a job that will not be tried again. Texts must be redacted already.

    One row per actor and subject while it is dead: sweep sends the step again, and that may die as well.
    """
    rows(
        "INSERT INTO jobs (id, actor, subject_id, order_id, message_id, attempts, error_class, error, traceback, state,"
        " failed_at) SELECT gen_random_uuid(), %s, %s, %s, %s, %s, %s, %s, %s, 'dead', clock_timestamp()"
        " WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE message_id = %s)"
        " ON CONFLICT (actor, subject_id) WHERE state = 'dead' DO UPDATE SET deaths = jobs.deaths + 1,"
        " message_id = EXCLUDED.message_id, attempts = EXCLUDED.attempts, error_class = EXCLUDED.error_class,"
        " error = EXCLUDED.error, traceback = EXCLUDED.traceback, failed_at = EXCLUDED.failed_at RETURNING id",
        *(actor, subject_id, _order_of(subject_id), message_id, attempts),
        *(error_class, error[:500], traceback[-MAX_TRACEBACK:], message_id),
    )


def _order_of(subject_id: str) -> str | None:
    """The order whose id this is, or that of its payment or of a notice that was to run again."""
    known = as_uuid(subject_id)
    found = rows(
        "SELECT id FROM orders WHERE id = %s UNION ALL SELECT order_id FROM payments WHERE id = %s"
        " UNION ALL SELECT n.order_id FROM notices n JOIN replays r ON r.notice_id = n.id WHERE r.id = %s",
        *(known, known, known),
    )
    return found[0][0] if found else None


JOBS = Listing(
    name="jobs",
    table="jobs j",
    columns=(
        "j.id, j.actor, j.subject_id, j.order_id, o.state, coalesce(o.moved_at > j.failed_at, false)"
        " OR (j.actor = 'notify' AND EXISTS (SELECT 1 FROM letters l WHERE l.order_id = j.order_id"
        " AND l.kind = 'keys_ready' AND l.state = 'sent')),"
        " EXISTS (SELECT 1 FROM purchases p WHERE p.order_id = j.order_id AND p.state = 'manual'),"
        " j.attempts, j.deaths, j.error_class, j.error, j.traceback, j.state, j.failed_at, j.retried_at, j.retried_by,"
        " j.retry_reason"
    ),
    joins="LEFT JOIN orders o ON o.id = j.order_id",
    filters={
        "actor": "j.actor = %s",
        "state": "j.state = %s",
        "order_id": "j.order_id = %s",
        "subject_id": "j.subject_id = %s",
        "error_class": "j.error_class = %s",
        "text": "position(lower(%s) IN lower(j.error)) > 0",
        "retried_by": "j.retried_by = %s",
        "since": "j.failed_at >= %s",
        "until": "j.failed_at < %s",
    },
    sorts={"failed_at": Sort("failed_at")},
    usual="-failed_at",
    make=maker(JobFacts),
)


def job_facts(job_id: uuid.UUID) -> JobFacts | None:
    return JOBS.one(job_id)


def count_dead_jobs() -> dict[str, int]:
    """By actor."""
    return {
        str(actor): int(count)
        for actor, count in rows("SELECT actor, count(*) FROM jobs WHERE state = 'dead' GROUP BY actor")
    }


def claim_job(job_id: uuid.UUID, *, by: str, reason: str) -> bool:
    """Takes the job from dead to retried, with who and why. Whether we won."""
    return bool(
        rows(
            "UPDATE jobs SET state = 'retried', retried_at = clock_timestamp(), retried_by = %s, retry_reason = %s"
            " WHERE id = %s AND state = 'dead' RETURNING id",
            *(by, reason, job_id),
        )
    )


def put_job_back(job_id: uuid.UUID) -> bool:
    """It could not be sent after all, so it is dead as before, unless the same has died anew meanwhile."""
    return bool(
        rows(
            "UPDATE jobs j SET state = 'dead', retried_at = NULL, retried_by = NULL, retry_reason = NULL"
            " WHERE id = %s AND state = 'retried' AND NOT EXISTS (SELECT 1 FROM jobs d WHERE d.state = 'dead'"
            " AND d.actor = j.actor AND d.subject_id = j.subject_id) RETURNING id",
            job_id,
        )
    )
