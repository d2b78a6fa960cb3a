"""POST /admin/jobs/retry: all dead jobs that a filter finds, counted first."""

from __future__ import annotations

import uuid
from typing import Any

from falcon import Request, Response
from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from actors.courier import post
from actors.retry import RetryRefused, objection_to, retry_job
from db.jobs import JOBS, JobFacts
from web.admin.answers import Reason
from web.admin.once import once
from web.admin.queries import JobFilter
from web.answers import Answer, answer
from web.auth import MAY_ACT, Gate, Viewer
from web.body import read_model
from web.deadline import database
from web.describe import describe
from web.errors import Problem
from web.record import record

__all__ = ["JobRetries"]

#: Jobs that one request may send again.
CAP = 500

#: All of the database's part (seconds): each job is judged and sent by itself.
SECONDS = 60.0


class RetryMany(JobFilter, Reason):
    """`expected` is the count that a dry run told: if it is another by now, nothing runs."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", str_strip_whitespace=True)

    dry_run: bool = False
    expected: int | None = Field(default=None, ge=0)

    def filters(self) -> dict[str, Any]:
        chosen = self.model_dump(exclude={"reason", "dry_run", "expected"}, exclude_none=True)
        return chosen | {"state": "dead"}


class Verdict(Answer):
    """One job. Where it may not run, or did not, `why` says so."""

    job_id: uuid.UUID
    actor: str
    order_id: uuid.UUID | None
    sent: bool = Field(description="It was sent again, or would be.")
    code: str | None = None
    why: str | None = None


class RetriedMany(Answer):
    done: bool
    dry_run: bool
    count: int
    cap: int
    sent: int
    jobs: list[Verdict]


class JobRetries:
    """`dryRun` tells how many and which of them may run; then `expected` names that count."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @once
    @describe(
        "Send all dead jobs again that a filter finds, or tell which could be",
        who="admin",
        tag="admin",
        body=RetryMany,
        answers={200: RetriedMany},
        codes={409: ["count_changed", "too_many"], 503: ["queue_away"]},
        refusals=[400, 401, 403, 409, 413, 415, 422, 503],
    )
    def on_post(self, req: Request, resp: Response) -> None:
        admin = self._gate.admin(req, MAY_ACT)
        asked = read_model(req, RetryMany)
        filters = asked.filters()
        with database(SECONDS):
            count, found = JOBS.picked(filters, sort="failed_at", limit=CAP)
            if asked.dry_run:
                told = [_foreseen(job) for job in found]
            else:
                _check(asked.expected, count)
                shown = {name: str(value) for name, value in filters.items()}
                details = {"filter": shown, "count": count, "reason": asked.reason}
                record(req, admin, None, "job_retry_many", "granted", details)
                told = [_retried(job, admin, asked.reason) for job in found]
        sent = sum(one.sent for one in told)
        done = not asked.dry_run
        answer(
            resp, RetriedMany(done=done, dry_run=asked.dry_run, count=count, cap=CAP, sent=sent, jobs=told)
        )


def _check(expected: int | None, count: int) -> None:
    if expected != count:
        detail = f"The filter finds {count} dead jobs; name that count as expected."
        raise Problem(409, "count_changed", detail, count=count)
    if count > CAP:
        raise Problem(409, "too_many", f"The filter finds {count} dead jobs; at most {CAP} are sent at once.")


def _foreseen(job: JobFacts) -> Verdict:
    return _verdict(job, objection_to(job))


def _retried(job: JobFacts, admin: Viewer, reason: str) -> Verdict:
    try:
        retry_job(job.id, by=admin.label, reason=reason, send=post)
    except RetryRefused as refusal:
        return _verdict(job, refusal)
    return _verdict(job, None)


def _verdict(job: JobFacts, refusal: RetryRefused | None) -> Verdict:
    verdict = Verdict(job_id=job.id, actor=job.actor, order_id=job.order_id, sent=refusal is None)
    if refusal is not None:
        verdict.code, verdict.why = refusal.code, f"{str(refusal).capitalize()}."
    return verdict
