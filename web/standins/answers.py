"""How a stand-in reads a call and answers it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from falcon import Request, Response

from web.standins.jsontext import read_json, write_json

__all__ = ["Refusal", "body_of", "iso", "object_of", "refuse", "say"]


class Refusal(Exception):
    """A provider's own way to say no: a status and its error body."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"refused with {status}")
        self.status, self.body, self.headers = status, body, dict(headers or {})


def say(resp: Response, status: int, value: Any) -> None:
    resp.status = status
    resp.content_type = "application/json; charset=utf-8"
    resp.text = write_json(value)


def refuse(req: Request, resp: Response, refusal: Refusal, params: dict[str, Any]) -> None:
    """Falcon's error handler for Refusal."""
    say(resp, refusal.status, refusal.body)
    resp.set_headers(refusal.headers)


def body_of(req: Request) -> bytes:
    """The body; the server has read it whole."""
    body: bytes = req.env["standins.body"]
    return body


def object_of(req: Request) -> dict[str, Any]:
    """The body as a JSON object (an empty body is an empty one); raises ValueError."""
    value = read_json(body_of(req) or b"{}")
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def iso(moment: datetime, zone: str = "+00:00") -> str:
    """With milliseconds: 2026-01-02T03:04:05.678+00:00 (or Z)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}{zone}"
