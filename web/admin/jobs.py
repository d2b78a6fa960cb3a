"""GET /admin/jobs/{id}, and POST …/retry."""

from __future__ import annotations

import uuid

from falcon import Request, Response

from actors.courier import post
from actors.retry import RetryRefused, retry_job
from db.jobs import job_facts
from web.admin.answers import Reason
from web.admin.job_answers import JobRetried, WholeJob
from web.admin.once import once
from web.answers import answer
from web.auth import MAY_ACT, Gate, not_found
from web.body import read_model
from web.deadline import database
from web.describe import describe
from web.errors import Problem
from web.record import record

__all__ = ["JobRetry", "OneJob"]


class OneJob:
    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @describe(
        "One dead job, with where it died",
        who="admin",
        tag="admin",
        answers={200: WholeJob},
        refusals=[401, 403, 404, 503],
    )
    def on_get(self, req: Request, resp: Response, job_id: uuid.UUID) -> None:
        self._gate.admin(req)
        with database():
            found = job_facts(job_id)
        if found is None:
            raise not_found()
        answer(resp, WholeJob.model_validate(found))


class JobRetry:
    """Sends the actor again, once. Where it may not run the answer says why (409) and nothing has changed."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @once
    @describe(
        "Send a dead job again",
        who="admin",
        tag="admin",
        body=Reason,
        answers={202: JobRetried},
        codes={
            409: [
                *("unknown_actor", "order_over", "order_unknown", "order_gone_on", "purchase_manual"),
                "job_already_retried",
            ],
            503: ["queue_away"],
        },
        refusals=[400, 401, 403, 404, 409, 413, 415, 422, 503],
    )
    def on_post(self, req: Request, resp: Response, job_id: uuid.UUID) -> None:
        admin = self._gate.admin(req, MAY_ACT)
        reason = read_model(req, Reason).reason
        with database():
            try:
                job = retry_job(job_id, by=admin.label, reason=reason, send=post)
            except RetryRefused as refusal:
                raise _problem(refusal) from None
            details = {"job": str(job_id), "actor": job.actor, "reason": reason}
            record(req, admin, job.order_id, "job_retry", "granted", details)
        answer(resp, JobRetried(job_id=job_id, actor=job.actor), 202)


def _problem(refusal: RetryRefused) -> Problem:
    if refusal.code == "not_found":
        return not_found()
    return Problem(409, refusal.code, f"{str(refusal).capitalize()}.")
