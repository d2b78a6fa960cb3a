"""What all callers of a provider know together: failures in a row, whether its gate is shut, the pace it allows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

__all__ = ["MAX_WAIT", "Limit", "LocalTraffic", "Rules", "Shut", "Standing", "Traffic"]

#: The longest that a call waits for its turn (seconds); what would wait longer is refused instead.
MAX_WAIT = 1.0


@dataclass(frozen=True)
class Limit:
    """At most one call each `interval` seconds: no bursts, so that no window of the provider's own sees too many."""

    interval: float
    method: str = ""  # empty: every method
    path: str = ""  # what the path begins with

    @classmethod
    def per(cls, calls: float, seconds: float, *, method: str = "", path: str = "") -> Limit | None:
        """`calls` each `seconds`; 0 calls mean that there is no limit."""
        return cls(seconds / calls, method, path) if calls else None

    def covers(self, method: str, path: str) -> bool:
        return self.method in ("", method) and path.startswith(self.path)


@dataclass(frozen=True)
class Rules:
    """When a provider's gate shuts, and for how long (seconds)."""

    threshold: int = 0  # failures in a row that shut it; 0: none ever do
    window: float = 60.0  # within which they count as in a row
    pause: float = 30.0  # until one probe, after failures
    blocked_pause: float = 60.0  # until one probe, after our account was refused
    limit: Limit | None = None


@dataclass(frozen=True)
class Shut:
    """`seconds` until the next probe may go; 0 or less: it may go now. `why` is empty after mere failures."""

    seconds: float
    why: str = ""


@dataclass(frozen=True)
class Standing:
    """How a provider's gate stands. `calls` shuts everything out, `writes` only what may spend money or quota."""

    failures: int = 0
    calls: Shut | None = None
    writes: Shut | None = None
    wait: float = 0.0  # seconds: what the pace asks of the call that asked
    admitted: bool = True  # that call, as far as the pace is concerned

    def shut(self, *, write: bool) -> Shut | None:
        """What keeps a call out, or would but for a probe; of two, the one that lasts longer."""
        found = [item for item in (self.calls, self.writes if write else None) if item is not None]
        return max(found, key=lambda item: item.seconds, default=None)


class Traffic(Protocol):
    """One record per provider, kept here or shared. Losing it costs a few calls, never an order.

    Each method is one look at one clock, and tells how the gate stands afterwards.
    """

    def ask(self, provider: str, rules: Rules, *, write: bool, paced: bool) -> Standing:
        """May a call go? A shut gate that is due lets this one through as its probe and stays shut meanwhile."""

    def failed(self, provider: str, rules: Rules) -> Standing:
        """No answer came, or one that says that the provider is not well."""

    def blocked(self, provider: str, why: str, seconds: float, *, writes_only: bool) -> bool:
        """Our account was refused. Whether this is news."""

    def worked(self, provider: str, *, write: bool) -> Standing:
        """The provider is well; after a write so is our account there."""

    def look(self, provider: str) -> Standing:
        """Changes nothing."""


@dataclass
class _Record:
    failures: int = 0
    first: float = 0.0
    calls: tuple[float, str] | None = None  # until when, and why
    writes: tuple[float, str] | None = None
    next_free: float = 0.0


@dataclass
class LocalTraffic:
    """For one process by itself: where there is no Valkey, or while it is away."""

    clock: Callable[[], float] = time.monotonic
    _records: dict[str, _Record] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, provider: str, rules: Rules, *, write: bool, paced: bool) -> Standing:
        with self._lock:
            record, now = self._records.setdefault(provider, _Record()), self.clock()
            found = _standing(record, now)
            shut = found.shut(write=write)
            if shut is not None and shut.seconds > 0:
                return found
            if paced and rules.limit is not None:
                wait = max(record.next_free - now, 0.0)
                if wait > MAX_WAIT:
                    return replace(found, wait=wait, admitted=False)
                record.next_free = now + wait + rules.limit.interval
                found = replace(found, wait=wait)
            if record.calls is not None:
                record.calls = (now + rules.pause, record.calls[1])
            if write and record.writes is not None:
                record.writes = (now + rules.pause, record.writes[1])
            return found

    def failed(self, provider: str, rules: Rules) -> Standing:
        with self._lock:
            record, now = self._records.setdefault(provider, _Record()), self.clock()
            if record.failures == 0 or now - record.first > rules.window:
                record.failures, record.first = 0, now
            record.failures += 1
            if record.calls is not None:
                record.calls = (now + rules.pause, record.calls[1])
            elif 0 < rules.threshold <= record.failures:
                record.calls = (now + rules.pause, "")
            return _standing(record, now)

    def blocked(self, provider: str, why: str, seconds: float, *, writes_only: bool) -> bool:
        with self._lock:
            record, now = self._records.setdefault(provider, _Record()), self.clock()
            record.failures = 0
            known = record.writes if writes_only else record.calls
            if writes_only:
                record.writes = (now + seconds, why)
            else:
                record.calls = (now + seconds, why)
            return known is None or known[1] != why

    def worked(self, provider: str, *, write: bool) -> Standing:
        with self._lock:
            record = self._records.setdefault(provider, _Record())
            record.failures, record.calls = 0, None
            if write:
                record.writes = None
            return _standing(record, self.clock())

    def look(self, provider: str) -> Standing:
        with self._lock:
            return _standing(self._records.get(provider, _Record()), self.clock())


def _standing(record: _Record, now: float) -> Standing:
    calls, writes = (Shut(item[0] - now, item[1]) if item else None for item in (record.calls, record.writes))
    return Standing(record.failures, calls, writes)
