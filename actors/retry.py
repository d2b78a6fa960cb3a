"""Sends a dead job again, once; where it may not run it says why and changes nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import dramatiq
import structlog

from actors.broker import broker
from actors.policy import POLICIES
from bitloot.errors import Permanent, Retryable
from bitloot.states import FINAL, OrderState
from db.jobs import JobFacts, claim_job, job_facts, put_job_back
from db.replays import give_another_chance

__all__ = ["RetryRefused", "objection_to", "retry_job"]

log = structlog.get_logger(__name__)

Send = Callable[..., object]


class RetryRefused(Permanent):
    """This job may not run again now. `code` is stable, the text says why."""

    default_code = "retry_refused"


def send_now(actor: dramatiq.Actor[..., None], *ids: str) -> None:
    actor.send(*ids)


def retry_job(job_id: uuid.UUID, *, by: str, reason: str, send: Send = send_now) -> JobFacts:
    """Sends the actor again, after the commit that says who wanted it and why. Needs a connection scope.

    Raises RetryRefused (nothing has changed), or Retryable where `send` failed: the job is dead as before, though
    its message may have got through.
    """
    job = job_facts(job_id)
    if job is None:
        raise RetryRefused("there is no job by this id", code="not_found")
    objection = objection_to(job)
    if objection is not None:
        raise objection
    if not claim_job(job_id, by=by, reason=reason):
        raise _retried_already()
    if job.actor == "replay":
        give_another_chance(job.subject_id)
    try:
        send(broker.get_actor(job.actor), *job.subject_id.split())
    except Exception as error:
        put_job_back(job_id)
        raise Retryable(f"the queue is away ({type(error).__name__})", code="queue_away") from None
    log.info("a dead job is sent again", action="job_retried", actor=job.actor, subject=job.subject_id, by=by)
    return job


def objection_to(job: JobFacts) -> RetryRefused | None:
    """Why the job may not run now; None if its actor would have something to do."""
    if job.state != "dead":
        return _retried_already()
    policy = POLICIES.get(job.actor)
    if policy is None:
        return RetryRefused(f"no actor is called {job.actor} any more", code="unknown_actor")
    state = OrderState(job.order_state) if job.order_state else None
    if state in FINAL:
        return RetryRefused(f"the order is {state}: nothing is done to it any more", code="order_over")
    if policy.states and state is None:
        return RetryRefused("the order of this job is not there", code="order_unknown")
    if policy.states and state not in policy.states:
        text = f"the order has gone on and is {state}: {job.actor} has nothing to do there"
        return RetryRefused(text, code="order_gone_on")
    if policy.states and job.needs_person and state is not OrderState.FULFILLED:
        text = "a purchase of this order is manual: a person resolves its case first"
        return RetryRefused(text, code="purchase_manual")
    return None


def _retried_already() -> RetryRefused:
    return RetryRefused("this job was sent again already", code="job_already_retried")
