"""Notices to the shop: signed as each provider signs, repeated while the shop does not take them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

import requests
from requests.adapters import HTTPAdapter

from web.standins.faults import Fault, Faults
from web.standins.forgeries import forged, wrongly_signed
from web.standins.later import Later
from web.standins.ledger import Ledger

__all__ = ["Courier", "Knobs", "Notice"]


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
        self._held: dict[str, list[Notice]] = {}
        self._lock = threading.Lock()

    def deliver(self, notice: Notice) -> int | None:
        """The first try's status (None: no answer, not sent, or sent later); repeats follow by themselves."""
        faults = self._faults.on_notice(notice.point, notice.body.decode("utf-8", "replace"))
        by_kind = {fault.kind: fault for fault in faults}
        if not self._knobs().webhooks or not notice.url or "no_webhook" in by_kind:
            self._ledger.write(notice.standin, f"{notice.kind}_withheld", **notice.facts)
            return None
        if self._send_frauds(notice, by_kind):
            return None
        if shuffle := by_kind.get("webhook_reordered"):
            self._hold(notice, shuffle)
            return None
        times = max((fault.times for fault in faults if fault.kind == "webhook_times"), default=1)
        wait = sum(fault.seconds for fault in faults if fault.kind == "delay")
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

    def _send_frauds(self, notice: Notice, by_kind: Mapping[str, Fault]) -> bool:
        """What somebody else might send in our name, before the true one; whether it is sent instead."""
        only = False
        for kind, make in (("webhook_forged", forged), ("webhook_wrong_secret", wrongly_signed)):
            if fault := by_kind.get(kind):
                body, headers = make(notice.body, notice.headers)
                self.post(replace(notice, body=body, headers=headers, facts={**notice.facts, "fraud": kind}))
                only = only or fault.only
        if only:
            self._ledger.write(notice.standin, f"{notice.kind}_withheld", **notice.facts)
        return only

    def _hold(self, notice: Notice, shuffle: Fault) -> None:
        """Keeps it until there are so many of one payment (or of one supplier), or until the time is over."""
        subject = f"{notice.point} {notice.facts.get('payment_id', '')}"
        with self._lock:
            held = self._held.setdefault(subject, [])
            held.append(notice)
            number = len(held)
        if number >= shuffle.times:
            self._release(subject, shuffle)
        elif number == 1:
            self._later.call(shuffle.seconds, partial(self._release, subject, shuffle))

    def _release(self, subject: str, shuffle: Fault) -> None:
        """Lets them go in an order that is not the one in which they came."""
        with self._lock:
            held = self._held.pop(subject, [])
            order = list(range(len(held)))
            shuffle.dice.shuffle(order)
        if order == sorted(order):
            order.reverse()
        for place in order:
            self._try(held[place], 1)

    def _try(self, notice: Notice, attempt: int) -> int | None:
        answer = self.post(notice, attempt)
        if (answer is None or not 200 <= answer < 300) and attempt <= self._knobs().retries:
            self._later.call(self._knobs().retry_seconds, partial(self._try, notice, attempt + 1))
        return answer
