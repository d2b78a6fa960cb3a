"""Everything that goes wrong becomes problem+json here, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import falcon
import structlog
from falcon import App, HTTPError, Request, Response
from peewee import DataError, InterfaceError, OperationalError
from playhouse.pool import MaxConnectionsExceeded

from bitloot.errors import (
    Ambiguous,
    BadSignature,
    BitLootError,
    Blocked,
    Malformed,
    Retryable,
    frames_of,
)
from bitloot.tokens import BadToken
from db.base import code_of
from web.problem import MEDIA_TYPE, problem, problem_bytes

__all__ = ["UNAVAILABLE", "Problem", "add_error_handlers"]

log = structlog.get_logger(__name__)

#: When to come back after a 503 (seconds).
RETRY_AFTER = 5

#: The first class that fits decides.
STATUS: Mapping[type[BitLootError], int] = {
    BadSignature: 401,
    BadToken: 401,
    Malformed: 400,
    Retryable: 503,
    Blocked: 503,
    Ambiguous: 503,
    BitLootError: 500,
}

#: Falcon's own refusals by status; what is not here is called by its phrase.
CODES: Mapping[int, str] = {
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
}

#: PostgreSQL's code for a transaction that was ended so that others could go on.
DEADLOCK = "40P01"

#: What falcon's refusals mean to a person.
WHY: Mapping[int, str] = {
    404: "There is nothing at this address.",
    405: "This address is not asked in this way; Allow names the ways.",
}

UNAVAILABLE = (OperationalError, InterfaceError, MaxConnectionsExceeded)


class Problem(HTTPError):
    """A refusal that a resource decides on. `more` become members of the document."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(status, headers=dict(headers or {}))
        self.document = problem(status, code, detail, **more)


def add_error_handlers(app: App[Any, Any]) -> None:
    app.add_error_handler(Exception, _uncaught)
    app.add_error_handler(BitLootError, _known)
    app.add_error_handler(DataError, _unstorable)
    app.add_error_handler(UNAVAILABLE, _database_away)
    app.add_error_handler(HTTPError, _http_error)


def _document(error: HTTPError) -> Mapping[str, Any]:
    if isinstance(error, Problem):
        return error.document
    status = error.status_code
    phrase = falcon.code_to_http_status(status)[4:].lower().replace(" ", "_").replace("'", "")
    return problem(status, CODES.get(status, phrase), WHY.get(status, ""))


def _http_error(req: Request, resp: Response, error: HTTPError, _params: Any) -> None:
    resp.status = error.status
    for name, value in dict(error.headers or {}).items():
        resp.set_header(name, value)
    document = _document(error)
    req.context.code = document["code"]  # for the access line
    resp.content_type = MEDIA_TYPE
    resp.data = problem_bytes(document)


def _known(req: Request, resp: Response, error: BitLootError, params: Any) -> None:
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="bitloot"'
    if status == 503:
        headers["Retry-After"] = str(RETRY_AFTER)
    if status == 500:
        log.error("refused by our own part", action="request_failed", code=error.code, at=frames_of(error))
    detail = _sentence(str(error)) if isinstance(error, Malformed) else ""  # it quotes nothing that came
    _http_error(req, resp, Problem(status, error.code, detail, headers=headers), params)


def _sentence(text: str) -> str:
    """Adapters say whose text it is before a colon; here it is always the request's."""
    said = text.partition(": ")[2] or text
    return f"{said[:1].upper()}{said[1:].removesuffix('.')}."


def _database_away(req: Request, resp: Response, error: Exception, params: Any) -> None:
    headers = {"Retry-After": str(RETRY_AFTER)}
    if code_of(error) == DEADLOCK:
        log.warning("two requests met, and one gave way", action="gave_way", path=req.uri_template)
        detail = "Another act met this one at the same place; nothing of this one was done. Send it again."
        _http_error(req, resp, Problem(503, "gave_way", detail, headers=headers), params)
        return
    log.warning("the database is away", action="database_away", error=type(error).__name__)
    detail = "The database does not answer; nothing was acknowledged."
    _http_error(req, resp, Problem(503, "database_unavailable", detail, headers=headers), params)


def _unstorable(req: Request, resp: Response, _error: Exception, params: Any) -> None:
    """A value that passed every check and that the database still cannot hold."""
    _http_error(req, resp, Problem(422, "unstorable"), params)


def _uncaught(req: Request, resp: Response, error: Exception, params: Any) -> None:
    """Neither its text nor a traceback: both may quote a body, a key or a token (RELIABILITY.md §0 #12)."""
    log.error("unexpected", action="request_failed", error=type(error).__name__, at=frames_of(error))
    _http_error(req, resp, Problem(500, "internal"), params)
