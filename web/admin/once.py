"""Idempotency-Key: whoever repeats an act with the same key gets the first answer, and nothing is done twice."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, NamedTuple, TypeVar

import falcon
import structlog
from falcon import HTTPError, Request, Response

from bitloot.errors import Ambiguous, BitLootError
from db.answered import Answered, claim_answer, forget_answer, keep_answer
from web.body import read_body
from web.deadline import database
from web.describe import described
from web.errors import UNAVAILABLE, Problem
from web.problem import MEDIA_TYPE, problem_bytes

__all__ = ["once", "told_once"]

log = structlog.get_logger(__name__)

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x21-\x7e]{8,200}")
TELLS = (
    "8 to 200 visible characters: a repeat within a week gets the first answer, and nothing is done twice."
)

#: Refusals that are answers: the state of things was judged. Others say that nothing was looked at yet.
JUDGED = frozenset({404, 409})

#: A first request that is older than this (seconds) has died, or its end was not written down.
DEAD = 90.0

Responder = TypeVar("Responder", bound=Callable[..., None])


class Claim(NamedTuple):
    actor: str
    route: str
    key: str


def once(responder: Responder, *, keep: bool = True) -> Responder:
    """For an `on_post` of a resource with a `_gate`. Without `keep` a repeat is told no more than that it is one."""

    @wraps(responder)
    def on_post(self: Any, req: Request, resp: Response, **params: Any) -> None:
        key = req.get_header(HEADER)
        if key is None:
            responder(self, req, resp, **params)
            return
        if not KEY.fullmatch(key):
            raise Problem(400, "bad_idempotency_key", f"{HEADER} has {TELLS.partition(':')[0]}.")
        claim = Claim(self._gate.admin(req).label, f"POST {req.path}"[:300], key)
        digest = _digest(req)
        with database():
            earlier = claim_answer(*claim, digest)
        if earlier is not None:
            _repeat(resp, earlier, digest)
            return
        _first(claim, resp, lambda: responder(self, req, resp, **params), keep)

    promise = described(responder)
    if promise is not None:
        headers = {**promise.headers, HEADER: TELLS}
        refusals = sorted({*promise.refusals, 400, 409, 422})
        setattr(on_post, "described", replace(promise, headers=headers, refusals=refusals))  # noqa: B010
    return on_post  # type: ignore[return-value]


def told_once(responder: Responder) -> Responder:
    """As `once`, for answers that are kept nowhere: a repeat is told no more than that it is one."""
    return once(responder, keep=False)


def _digest(req: Request) -> str:
    """Of the body, which the responder can read after this as before."""
    body = read_body(req)
    req.env["wsgi.input"] = io.BytesIO(body)
    return hashlib.sha256(body).hexdigest()


def _first(claim: Claim, resp: Response, act: Callable[[], None], keep: bool) -> None:
    """What nobody can tell the end of stays claimed: its repeat is told to look before it asks anew."""
    try:
        act()
    except HTTPError as refusal:
        document = refusal.document if isinstance(refusal, Problem) else {}
        if refusal.status_code in JUDGED and document:
            _settle(claim, refusal.status_code, problem_bytes(document).decode())
        elif refusal.status_code < 500:
            _settle(claim, None, None)
        raise
    except BitLootError as error:
        if not isinstance(error, Ambiguous):
            _settle(claim, None, None)
        raise
    body = bytes(resp.data or b"").decode() if keep else None
    _settle(claim, int(str(resp.status)[:3]), body)


def _settle(claim: Claim, status: int | None, body: str | None) -> None:
    """What was done is done: that its answer cannot be kept does not take the answer away."""
    try:
        with database():
            if status is None:
                forget_answer(*claim)
            else:
                keep_answer(*claim, status, body)
    except UNAVAILABLE as error:
        log.warning("an answer was not kept", action="answer_not_kept", error=type(error).__name__)


def _repeat(resp: Response, earlier: Answered, digest: str) -> None:
    if earlier.digest != digest:
        raise Problem(422, "idempotency_conflict", f"This {HEADER} came with another request before.")
    if earlier.status is None and earlier.seconds < DEAD:
        headers = {"Retry-After": "1"}
        raise Problem(409, "idempotency_in_progress", "The first request still runs.", headers=headers)
    if earlier.status is None:
        when = earlier.began_at.isoformat(timespec="seconds")
        detail = f"How the request of {when} ended is not known: look first, then ask with another key."
        raise Problem(409, "outcome_unknown", detail)
    if earlier.body is None:
        raise Problem(409, "answered_before", "This was answered once, and what it said is not kept.")
    resp.status = falcon.code_to_http_status(earlier.status)
    resp.content_type = MEDIA_TYPE if earlier.status >= 400 else falcon.MEDIA_JSON
    resp.set_header("Idempotent-Replay", "true")
    resp.data = earlier.body.encode()
