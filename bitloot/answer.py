"""What a provider answered, and what its status means by itself (PROVIDERS.md §7.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from bitloot import strict_json
from bitloot.errors import Ambiguous, BitLootError, Blocked, Malformed, Permanent, Retryable

__all__ = ["Answer", "by_status", "doubt", "retry_after"]

#: Nobody makes us wait longer than this (seconds), whatever the header says.
MAX_AFTER = 86_400.0

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")


@dataclass(frozen=True)
class Answer:
    """One whole answer. Header names are lower-case; `body` is decompressed and within the client's cap."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    method: str = "GET"
    name: str = "fetch"  # who answered, for error texts

    def json(self) -> Any:
        """The body, read strictly, numbers as int or Decimal. Raises as `unreadable` says."""
        try:
            return strict_json.loads(self.body, max_bytes=len(self.body))
        except Malformed as error:
            code = error.code
        raise self.unreadable(code)

    def word(self, name: str) -> str | None:
        """The member `name` of an error body, if it is one plain word: safe to log and to use as a code."""
        try:
            value = strict_json.loads(self.body, max_bytes=len(self.body))[name]
        except (Malformed, KeyError, TypeError, IndexError):
            return None
        return value if isinstance(value, str) and _WORD.fullmatch(value) else None

    def unreadable(self, why: str) -> BitLootError:
        """The error for an answer that makes no sense: after a POST the thing may have happened all the same."""
        return doubt(self.method)(f"{self.name}: the answer cannot be understood ({why})", code="unreadable")


def by_status(answer: Answer) -> BitLootError | None:
    """What the status alone says; None for a 2xx.

    429 is Retryable, 401 and 403 Blocked, 404 Permanent(code="not_found"), other refusals Permanent, and
    everything else (3xx, 5xx, 408, 425) leaves open what a POST did.
    """
    status, text = answer.status, f"{answer.name}: {answer.method} was answered {answer.status}"
    after = retry_after(answer.headers.get("retry-after"))
    if 200 <= status < 300:
        return None
    if status == 429:
        return Retryable(text, code="rate_limited", after=after)
    if status in (401, 403):
        return Blocked(text, code="unauthorized" if status == 401 else "forbidden")
    if status == 404:
        return Permanent(text, code="not_found")
    if 400 <= status < 500 and status not in (408, 425):
        return Permanent(text, code=f"http_{status}")
    code = "redirect" if 300 <= status < 400 else f"http_{status}"
    if answer.method == "GET":
        return Retryable(text, code=code, after=after)
    return Ambiguous(text, code=code)


def doubt(method: str) -> type[Retryable] | type[Ambiguous]:
    """The class for a call whose outcome nobody told us: reading again is free, sending again is not."""
    return Retryable if method == "GET" else Ambiguous


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds to wait by a Retry-After header, as a number or as an HTTP date; None if it says nothing."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:10]), MAX_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), MAX_AFTER)
