"""Answers that the worker gives by itself, before any application sees the request."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from gunicorn.http import errors  # type: ignore[import-untyped]

from web.problem import MEDIA_TYPE, problem, problem_bytes

__all__ = ["Refusal", "refusal_for"]

#: When to come back after a 503 (seconds).
RETRY = "Retry-After: 5\r\n"


@dataclass(frozen=True)
class Refusal:
    status: int
    code: str

    def answer(self) -> bytes:
        """The whole HTTP answer; the connection ends with it."""
        body = problem_bytes(problem(self.status, self.code))
        head = (
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}\r\n"
            f"Content-Type: {MEDIA_TYPE}\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Cache-Control: no-store\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "Referrer-Policy: no-referrer\r\n"
            "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
            f"{RETRY if self.status == 503 else ''}"
            "Connection: close\r\n\r\n"
        )
        return head.encode() + body


def refusal_for(error: BaseException) -> Refusal:
    """What to say to a request that gunicorn's parser refused; 500 for anything else."""
    match error:
        case (
            errors.InvalidResponseHeader()
            | errors.InvalidResponseHeaderName()
            | errors.ConfigurationProblem()
        ):
            return Refusal(500, "internal")  # ours, though gunicorn files them under the client's
        case errors.LimitRequestLine():
            return Refusal(414, "uri_too_long")
        case errors.LimitRequestHeaders():
            return Refusal(431, "head_too_large")
        case errors.UnsupportedTransferCoding():
            return Refusal(501, "unknown_transfer_coding")
        case errors.ExpectationFailed():
            return Refusal(417, "unknown_expectation")
        case errors.ParseException():
            return Refusal(400, "bad_request")
    return Refusal(500, "internal")
