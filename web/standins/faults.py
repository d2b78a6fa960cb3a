"""Faults on command: a plan of rules, each for one point, biting so many times."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from falcon import Request, Response

__all__ = ["BEFORE_EFFECT", "KINDS", "Fault", "Faults", "Interruptions"]

#: What can happen to a call before its effect and after it; `after` picks the side of `delay` and `status`.
BEFORE_EFFECT = frozenset({"drop_before_effect", "delay", "status"})
_AFTER_EFFECT = frozenset({"drop_after_effect", "delay", "status"})
_ON_SEARCH = frozenset({"search_lag"})
_ON_NOTICE = frozenset({"no_webhook", "webhook_times"})
KINDS = BEFORE_EFFECT | _AFTER_EFFECT | _ON_SEARCH | _ON_NOTICE

_FINAL = frozenset({"drop_before_effect", "drop_after_effect", "status"})  # nothing can follow these


@dataclass
class Fault:
    """One rule. `count` is how often it may still bite (None: always), `bitten` how often it did."""

    point: str  # e.g. kinguin.place_order
    kind: str
    count: int | None = 1
    seconds: float = 0.0  # delay, search_lag
    after: bool = False  # delay, status: once the effect has happened
    status: int = 500
    body: str = ""
    content_type: str = "text/html"
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 2  # webhook_times
    match: str = ""  # text that must occur in the call's path, query or body
    bitten: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(sorted(KINDS))}")
        self.seconds = float(self.seconds)
        whole = (self.status, self.times, *(() if self.count is None else (self.count,)))
        texts = (self.point, self.body, self.content_type, self.match)
        if not all(type(n) is int and n >= 0 for n in whole) or not all(isinstance(t, str) for t in texts):
            raise ValueError("status, times and count are whole numbers; point, body and match are texts")

    def fits(self, point: str, kinds: frozenset[str], text: str, *, after: bool) -> bool:
        side = self.after or self.kind == "drop_after_effect"
        return (
            self.point == point
            and self.kind in kinds
            and side == after
            and self.match in text
            and self.count != 0
        )


class Faults:
    """The plan. Every endpoint and every notice asks it by its point's name."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, rule: Mapping[str, Any]) -> Fault:
        """Raises ValueError for a rule that is not understood."""
        unknown = set(rule) - {item.name for item in fields(Fault)} | {"point", "kind"} - set(rule)
        if unknown:
            raise ValueError(
                f"a fault has a point, a kind and known fields; wrong: {', '.join(sorted(unknown))}"
            )
        fault = Fault(**rule)
        with self._lock:
            self._rules.append(fault)
        return fault

    def take(self, point: str, kinds: frozenset[str], text: str = "", *, after: bool = False) -> list[Fault]:
        """The faults that bite here and now, in the order of the plan, up to the first that ends the call."""
        bites: list[Fault] = []
        with self._lock:
            for rule in self._rules:
                if rule.fits(point, kinds, text, after=after):
                    rule.bitten += 1
                    rule.count = rule.count and rule.count - 1
                    bites.append(rule)
                    if rule.kind in _FINAL:
                        break
        return bites

    def on_notice(self, point: str, text: str) -> list[Fault]:
        return self.take(point, _ON_NOTICE | {"delay"}, text)

    def search_lag(self, point: str) -> float:
        """Seconds for which a new order does not show in the search."""
        return max((fault.seconds for fault in self.take(point, _ON_SEARCH)), default=0.0)

    def rows(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(rule) for rule in self._rules]

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()


class Interruptions:
    """Falcon middleware: lets the plan's faults happen around each resource that names its points."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def process_resource(self, req: Request, resp: Response, resource: Any, params: dict[str, Any]) -> None:
        self._interrupt(req, resp, resource, BEFORE_EFFECT, after=False)

    def process_response(self, req: Request, resp: Response, resource: Any, req_succeeded: bool) -> None:
        if resource is not None and req_succeeded and not resp.complete and resp.status_code < 400:
            self._interrupt(req, resp, resource, _AFTER_EFFECT, after=True)

    def _interrupt(
        self, req: Request, resp: Response, resource: Any, kinds: frozenset[str], *, after: bool
    ) -> None:
        point = getattr(resource, "points", {}).get(req.method)
        if point is None:
            return
        text = f"{req.relative_uri} {req.env['standins.body'].decode('utf-8', 'replace')}"
        for fault in self._faults.take(point, kinds, text, after=after):
            time.sleep(fault.seconds)
            if fault.kind.startswith("drop"):
                req.env["standins.drop"].set()
            if fault.kind == "status":
                resp.status, resp.text, resp.content_type = fault.status, fault.body, fault.content_type
                resp.set_headers(fault.headers)
            resp.complete = resp.complete or fault.kind in _FINAL
