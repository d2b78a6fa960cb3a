"""Notices to the shop: signed as each provider signs, repeated while the shop does not take them."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import requests
from requests.adapters import HTTPAdapter

from web.standins.faults import Faults
from web.standins.jsontext import sort_keys, write_json
from web.standins.later import Later
from web.standins.ledger import Ledger

__all__ = ["Courier", "Knobs", "Notice", "sign_body", "sign_ipn"]


class Knobs(Protocol):
    """What the courier looks up anew each time."""

    @property
    def webhooks(self) -> bool: ...
    @property
    def retries(self) -> int: ...
    @property
    def retry_seconds(self) -> float: ...
    @property
    def notice_timeout(self) -> float: ...


@dataclass(frozen=True)
class Notice:
    """One IPN or webhook on its way; `facts` go into the ledger."""

    standin: str
    kind: str  # ipn or webhook
    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    facts: Mapping[str, Any]

    @property
    def point(self) -> str:
        return f"{self.standin}.{self.kind}"


class Courier:
    """Carries notices; every try is a line in the ledger with the shop's answer."""

    def __init__(self, knobs: Callable[[], Knobs], ledger: Ledger, faults: Faults, later: Later) -> None:
        self._knobs, self._ledger, self._faults, self._later = knobs, ledger, faults, later
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.mount("http://", HTTPAdapter(pool_maxsize=64))

    def deliver(self, notice: Notice) -> int | None:
        """The first try's status (None: no answer, not sent, or sent later); repeats follow by themselves."""
        faults = self._faults.on_notice(notice.point, notice.body.decode("utf-8", "replace"))
        kinds = {fault.kind for fault in faults}
        if not self._knobs().webhooks or not notice.url or "no_webhook" in kinds:
            self._ledger.write(notice.standin, f"{notice.kind}_withheld", **notice.facts)
            return None
        times = max((fault.times for fault in faults if fault.kind == "webhook_times"), default=1)
        wait = sum(fault.seconds for fault in faults)
        if wait:
            for _ in range(times):
                self._later.call(wait, partial(self._try, notice, 1))
            return None
        answers = [self._try(notice, 1) for _ in range(max(1, times))]
        return answers[0]

    def post(self, notice: Notice, attempt: int = 1) -> int | None:
        """One try, whatever the plan says; None if no answer came."""
        # A fresh connection each time: a kept one may be closed by the shop just as we write to it.
        headers = {"Connection": "close", **notice.headers}
        answer: int | None = None
        try:
            with self._session.post(
                notice.url,
                data=notice.body,
                headers=headers,
                timeout=self._knobs().notice_timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                answer = response.status_code
        except requests.RequestException:
            answer = None
        self._ledger.write(
            notice.standin, f"{notice.kind}_sent", **notice.facts, attempt=attempt, answer=answer
        )
        return answer

    def close(self) -> None:
        self._session.close()

    def _try(self, notice: Notice, attempt: int) -> int | None:
        answer = self.post(notice, attempt)
        if (answer is None or not 200 <= answer < 300) and attempt <= self._knobs().retries:
            self._later.call(self._knobs().retry_seconds, partial(self._try, notice, attempt + 1))
        return answer


def sign_ipn(secret: str, payload: Any) -> str:
    """Hex HMAC-SHA512 over the payload as JavaScript prints it, keys sorted at every depth (PROVIDERS.md §3.6)."""
    return sign_body("sha512", secret.strip(), write_json(sort_keys(payload)).encode())


def sign_body(algorithm: str, secret: str, body: bytes) -> str:
    """Hex HMAC over the raw body."""
    return hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()
