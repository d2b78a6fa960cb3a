"""The one shape of every refusal: problem+json (RFC 9457) with a stable code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

__all__ = ["MEDIA_TYPE", "problem", "problem_bytes"]

MEDIA_TYPE = "application/problem+json"


def problem(status: int, code: str, detail: str = "", **more: Any) -> dict[str, Any]:
    """The document. `code` is for machines and stays; `detail` is one sentence for people, without any payload."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
    }
    if detail:
        document["detail"] = detail
    return document | more


def problem_bytes(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
