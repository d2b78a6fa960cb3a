"""Reads request bodies: whole, as they came, and never more than the cap."""

from __future__ import annotations

from typing import Any, TypeVar

from falcon import Request
from pydantic import BaseModel, ValidationError

from bitloot.errors import Malformed
from bitloot.strict_json import loads
from web.errors import Problem
from web.limits import MAX_BODY

__all__ = ["read_body", "read_model"]

M = TypeVar("M", bound=BaseModel)

PIECE = 16 * 1024


def read_body(req: Request, cap: int = MAX_BODY) -> bytes:
    """The raw body, chunked or with a length.

    Falcon's `bounded_stream` reads a chunked body as empty (RELIABILITY.md §0 #9), so this reads the server's stream.
    Raises Problem: 413 over `cap` bytes (at once if declared), 400 if the client left early, 415 if it is encoded.
    """
    if (req.get_header("Content-Encoding") or "identity").strip().lower() != "identity":
        raise Problem(415, "content_encoded", "Send the body as it is, without Content-Encoding.")
    chunked = "chunked" in (req.get_header("Transfer-Encoding") or "").lower()
    declared = None if chunked else req.content_length or 0
    if declared is not None and declared > cap:
        raise _too_large(cap)
    body = _read(req.env["wsgi.input"], cap + 1 if declared is None else declared)
    if len(body) > cap:
        raise _too_large(cap)
    if declared is not None and len(body) < declared:
        raise Problem(400, "short_body", "The body ended before its Content-Length.")
    return body


def _read(stream: Any, size: int) -> bytes:
    """`size` bytes, or what there is before the end."""
    body = bytearray()
    try:
        while len(body) < size and (piece := stream.read(min(PIECE, size - len(body)))):
            body += piece
    except Exception:
        # The server's own classes: a chunk that is none, a client that left. Their text may quote the body.
        raise Problem(400, "unreadable_body") from None
    return bytes(body)


def _too_large(cap: int) -> Problem:
    return Problem(413, "body_too_large", f"The body may have {cap} bytes.")


def read_model(req: Request, model: type[M]) -> M:
    """A JSON body as `model`. Raises Problem 400, 413, 415, or 422 naming the members that do not fit."""
    if (req.content_type or "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "not_json", "Send application/json.")
    body = read_body(req)
    if not body:
        raise Malformed("no body", code="no_body")
    found = loads(body)
    if not isinstance(found, dict):
        raise Problem(422, "invalid", "Send a JSON object.")
    try:
        return model.model_validate(found)
    except ValidationError as error:
        raise Problem(422, "invalid", "The body does not fit.", errors=_errors(error)) from None


def _errors(error: ValidationError) -> list[dict[str, str]]:
    """Where and why, without the values that were sent."""
    found = error.errors(include_input=False, include_context=False, include_url=False)
    return [{"at": ".".join(map(str, item["loc"])), "why": item["msg"]} for item in found[:20]]
