"""What every step shares: its queue and policy, one connection scope, and an edge that no payload passes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

import dramatiq
import structlog

from actors.broker import broker
from actors.chain import run_chain
from actors.policy import POLICIES, Policy
from actors.rest import rests
from actors.story import arrived
from bitloot import tracing
from bitloot.errors import BitLootError, Retryable, frames_of
from bitloot.figures import count_step
from bitloot.story import about, known
from db import base

__all__ = ["StepFailed", "step"]

log = structlog.get_logger(__name__)
Step = TypeVar("Step", bound=Callable[..., None])

#: actor name -> the step itself.
FUNCTIONS: dict[str, Callable[..., None]] = {}


class StepFailed(Retryable):
    """Something unforeseen went wrong. Its text names the class only: another library's text may quote data."""

    default_code = "step_failed"

    def __init__(self, message: str, frames: str) -> None:
        super().__init__(message)
        self.frames = frames


def step(*, queue: str) -> Callable[[Step], dramatiq.Actor[..., None]]:
    """Makes a function a dramatiq actor on its own queue, by its policy. It takes ids and returns nothing."""

    def declare(function: Step) -> dramatiq.Actor[..., None]:
        name = function.__name__

        @wraps(function)
        def run(*ids: str) -> None:
            order, parent = arrived()
            message = tracing.span(f"message {name}", "consumer", parent)
            with message, about(order), _edge(name), base.scope():  # one connection for all that it leads to
                run_chain(lambda: _run_scoped(function, name, ids), _run_next)

        FUNCTIONS[name] = function
        options: dict[str, Any] = POLICIES[name].options()
        decorate = dramatiq.actor(broker=broker, actor_name=name, queue_name=queue, **options)
        actor: dramatiq.Actor[..., None] = decorate(run)
        return actor

    return declare


def _run_next(actor: dramatiq.Actor[..., None], subject: str) -> None:
    """A step that was handed on. If it fails it is sent, so that its own policy counts."""
    name = actor.actor_name
    try:
        _run_scoped(FUNCTIONS[name], name, (subject,))
    except BitLootError as error:
        log.info("the next step will be tried again", action="handed_over", next=name, code=error.code)
        wait = max(POLICIES[name].first, getattr(error, "after", None) or 0)
        actor.send_with_options(args=(subject,), delay=int(wait * 1000))


def _run_scoped(function: Callable[..., None], name: str, ids: tuple[str, ...]) -> None:
    subject = " ".join(ids)
    order = subject if POLICIES.get(name, Policy()).states else known()
    named = structlog.contextvars.bound_contextvars(actor=name, subject=subject)
    with _edge(name), about(order), named, _measured(name, subject), base.scope():
        try:
            function(*ids)
        except BitLootError as error:
            if not rests(POLICIES[name], subject, error):
                raise


@contextmanager
def _measured(name: str, subject: str) -> Iterator[None]:
    """A figure and a span for each run."""
    began, result = time.perf_counter(), "failed"
    try:
        with tracing.span(f"step {name}", attributes={"bitloot.order": known(), "bitloot.subject": subject}):
            yield
        result = "done"
    finally:
        count_step(name, result, time.perf_counter() - began)


@contextmanager
def _edge(name: str) -> Iterator[None]:
    """Lets our own errors through, which quote nothing, and of any other its class and where it was."""
    try:
        yield
    except BitLootError:
        raise
    except Exception as error:
        # `from None`: dramatiq logs and stores what leaves here, and the cause may quote a key (RELIABILITY §0 #12)
        raise StepFailed(f"{type(error).__name__} in {name}", frames=frames_of(error)) from None
