"""The mails that the Resend stand-in took: each key once, each with its payload."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from web.standins.floor import Floor
from web.standins.jsontext import sort_keys, write_json

__all__ = ["Mail", "Mails", "Pace"]

#: Seconds for which an idempotency key is remembered (PROVIDERS.md §4).
_KEY_SECONDS = 86_400
_DOCUMENTED_RATE = 5


@dataclass(frozen=True)
class Mail:
    id: str
    key: str | None
    payload: dict[str, Any] = field(repr=False)
    digest: str
    accepted: datetime

    @property
    def to(self) -> list[str]:
        to = self.payload["to"]
        return to if isinstance(to, list) else [to]


@dataclass(frozen=True)
class Pace:
    """What the rate limit says to one call; `reset` is in seconds."""

    admitted: bool
    limit: int
    remaining: int
    reset: int = 1


class Mails:
    """Everything that was accepted."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self._lock = threading.Lock()
        self._mails: dict[str, Mail] = {}
        self._by_key: dict[str, Mail] = {}
        self._in_flight: set[str] = set()
        self._window, self._calls = 0, 0

    def accept(self, payload: dict[str, Any], key: str | None) -> Mail | str:
        """The mail, an earlier one with this key, or the name of the 409 that says why not."""
        digest = hashlib.sha256(write_json(sort_keys(payload)).encode()).hexdigest()
        with self._lock:
            earlier = self._earlier(key)
            if key in self._in_flight:
                return "concurrent_idempotent_requests"
            if earlier is not None and earlier.digest != digest:
                return "invalid_idempotent_request"
            if earlier is None and key is not None:
                self._in_flight.add(key)
        if earlier is not None:
            self.floor.ledger.write("resend", "mail_repeated", id=earlier.id, idempotency_key=key)
            return earlier
        return self._send(Mail(str(uuid4()), key, payload, digest, datetime.now(UTC)))

    def pace(self) -> Pace:
        """Counts one call against the rate per second; no rate, no limit."""
        rate = self.floor.config.resend_rate
        if rate <= 0:
            return Pace(True, _DOCUMENTED_RATE, _DOCUMENTED_RATE - 1)
        with self._lock:
            window = int(time.monotonic())
            self._calls = self._calls + 1 if window == self._window else 1
            self._window = window
            return Pace(self._calls <= rate, rate, max(0, rate - self._calls))

    def get(self, mail_id: str) -> Mail | None:
        with self._lock:
            return self._mails.get(mail_id)

    def all(self) -> list[Mail]:
        with self._lock:
            return list(self._mails.values())

    def forget(self) -> None:
        with self._lock:
            self._mails.clear()
            self._by_key.clear()

    def _send(self, mail: Mail) -> Mail:
        self.floor.ledger.write(
            "resend",
            "mail_accepted",
            id=mail.id,
            idempotency_key=mail.key,
            to=mail.to,
            subject=mail.payload["subject"],
            sha256=mail.digest,
        )
        with self._lock:
            self._mails[mail.id] = mail
            if mail.key is not None:
                self._by_key[mail.key] = mail
                self._in_flight.discard(mail.key)
        return mail

    def _earlier(self, key: str | None) -> Mail | None:
        mail = self._by_key.get(key) if key is not None else None
        if mail is not None and (datetime.now(UTC) - mail.accepted).total_seconds() > _KEY_SECONDS:
            return None
        return mail
