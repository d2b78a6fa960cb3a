"""The gate to one provider: shut after failures or while our account is refused, and never faster than allowed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bitloot.errors import BitLootError, Blocked, Closed
from bitloot.traffic import Limit, Rules, Shut, Standing, Traffic

if TYPE_CHECKING:
    from bitloot.settings import Settings

__all__ = ["FRESH", "Ring", "Turnstile", "limits", "open_turnstiles"]

#: For so long (seconds) a process goes by what it last heard of an open gate, without asking.
FRESH = 1.0

#: Refusals that stop what costs money or quota; everything else may go on. Any other refusal stops all calls.
ABOUT_MONEY = frozenset({"insufficient_balance", "daily_quota_exceeded", "monthly_quota_exceeded"})

#: However long a provider says that it refuses us, it is probed this often at least (seconds).
LONGEST_BLOCK = 3600.0

#: Called with the provider and why, when its account begins to be refused. Must not raise.
Ring = Callable[[str, str], None]


@dataclass(frozen=True)
class _Seen:
    at: float
    standing: Standing

    def shut(self, now: float, *, write: bool) -> Shut | None:
        found = self.standing.shut(write=write)
        return found and Shut(found.seconds - (now - self.at), found.why)


class Turnstile:
    """What `bitloot.fetch.Fetch` asks as its gate. Threads may share it.

    `forgives`: codes of refusals that the adapter mends by itself (an access token that ran out).
    """

    def __init__(
        self,
        provider: str,
        rules: Rules,
        traffic: Traffic,
        *,
        ring: Ring | None = None,
        forgives: frozenset[str] = frozenset(),
    ) -> None:
        self.provider = provider
        self.rules = rules
        self._traffic = traffic
        self._ring = ring
        self._forgives = forgives
        self._seen = _Seen(-math.inf, Standing())

    def admit(self, method: str, path: str) -> None:
        """Waits up to MAX_WAIT for the pace. Raises Closed (try later, no attempt was made) or Blocked (our account).

        One question to the shared record at most; none where no limit covers the call and the gate was just open.
        """
        write, now = method != "GET", time.monotonic()
        paced = self.rules.limit is not None and self.rules.limit.covers(method, path)
        shut = self._known(now, write=write)
        if shut is None and not paced and self._is_fresh(now):
            return
        if shut is None or shut.seconds <= 0 or not self._is_fresh(now):
            found = self._learn(self._traffic.ask(self.provider, self.rules, write=write, paced=paced))
            shut = found.shut(write=write)
            if shut is None or shut.seconds <= 0:
                self._keep_pace(found)
                return
        raise self._refusal(shut)

    def report(self, method: str, status: int | None, failure: BitLootError | None) -> None:
        """Failures are what says that the provider is not well: no whole answer, or 5xx. A 4xx is about one call."""
        if isinstance(failure, Blocked) and failure.code not in self._forgives:
            self._block(failure)
        elif status is None or status >= 500:
            if self.rules.threshold:
                self._learn(self._traffic.failed(self.provider, self.rules))
        else:
            self._praise(taken=method != "GET" and 200 <= status < 300)

    def refusal(self, method: str = "POST") -> Closed | Blocked | None:
        """What a call would be refused with now; None where it may be tried. Takes nobody's turn."""
        now = time.monotonic()
        if not self._is_fresh(now):
            self._learn(self._traffic.look(self.provider))
        shut = self._known(now, write=method != "GET")
        return self._refusal(shut) if shut is not None and shut.seconds > 0 else None

    def look(self) -> Standing:
        """How the gate stands, asked anew."""
        return self._learn(self._traffic.look(self.provider))

    def _known(self, now: float, *, write: bool) -> Shut | None:
        return self._seen.shut(now, write=write)

    def _is_fresh(self, now: float) -> bool:
        return now - self._seen.at < FRESH

    def _learn(self, standing: Standing) -> Standing:
        self._seen = _Seen(time.monotonic(), standing)
        return standing

    def _keep_pace(self, found: Standing) -> None:
        if not found.admitted:
            text = f"{self.provider}: as many calls as it allows are waiting"
            raise Closed(text, code="over_the_limit", after=found.wait)
        if found.wait > 0:
            time.sleep(found.wait)

    def _refusal(self, shut: Shut) -> Closed | Blocked:
        if shut.why:
            text = f"{self.provider}: our account is refused there ({shut.why})"
            return Blocked(text, code=shut.why, after=shut.seconds)
        return Closed(f"{self.provider}: left alone after failures", code="provider_away", after=shut.seconds)

    def _block(self, failure: Blocked) -> None:
        seconds = min(failure.after or self.rules.blocked_pause, LONGEST_BLOCK)
        writes_only = failure.code in ABOUT_MONEY
        news = self._traffic.blocked(self.provider, failure.code, seconds, writes_only=writes_only)
        self._seen = _Seen(-math.inf, self._seen.standing)  # the next call asks
        if news and self._ring is not None:
            self._ring(self.provider, failure.code)

    def _praise(self, *, taken: bool) -> None:
        """Told only where there is something to take back: on the good way nobody is asked."""
        known = self._seen.standing
        if known.failures or known.calls is not None or (taken and known.writes is not None):
            self._learn(self._traffic.worked(self.provider, write=taken))


def limits(settings: Settings) -> dict[str, Limit | None]:
    """Every provider that is called over the network, and the pace that it allows us; None: none is known."""
    return {
        # 2,000 writes a minute on the host; whether that covers this API is unconfirmed (PROVIDERS.md §1.8)
        "kinguin": Limit.per(settings.kinguin_writes_per_minute, 60, method="POST"),
        "reservations": None,
        "reservations token": None,
        # 3 a second for opening payments (PROVIDERS.md §3.1)
        "nowpayments": Limit.per(settings.nowpayments_payments_per_second, 1, method="POST", path="/payment"),
        # 2 or 5 a second over all keys of the team, by the age of the page (PROVIDERS.md §4)
        "resend": Limit.per(settings.resend_calls_per_second, 1),
        "smtp": None,
        "s3": None,
    }


def open_turnstiles(settings: Settings, traffic: Traffic, ring: Ring | None = None) -> dict[str, Turnstile]:
    """A gate for each provider, by its name."""
    return {
        provider: Turnstile(
            provider,
            Rules(
                threshold=settings.breaker_threshold,
                window=settings.breaker_window,
                pause=settings.breaker_pause,
                blocked_pause=settings.blocked_pause,
                limit=limit,
            ),
            traffic,
            ring=ring,
            # `_authorized` meets an access token that ran out by fetching another
            forgives=frozenset({"unauthorized"}) if provider == "reservations" else frozenset(),
        )
        for provider, limit in limits(settings).items()
    }
