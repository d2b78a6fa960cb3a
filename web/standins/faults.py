"""Faults on command: a plan of rules, each for some points, biting so many times, or by chance, or for a while."""

from __future__ import annotations

import math
import random
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from web.standins.ipn_variants import EXTRA, SHAPES
from web.standins.menu import spelled_out
from web.standins.points import check_place, covers

__all__ = ["AFTER_EFFECT", "BEFORE_EFFECT", "FINAL", "Fault", "Faults"]

#: What can happen to a call before its effect and after it; `after` picks the side of `delay` and `status`.
BEFORE_EFFECT = frozenset({"drop_before_effect", "delay", "status"})
AFTER_EFFECT = frozenset({"drop_after_effect", "delay", "status", "drip", "truncate"})
_ALWAYS_AFTER = frozenset({"drop_after_effect", "drip", "truncate"})

#: After one of these nothing else can happen to a call.
FINAL = frozenset({"drop_before_effect", "drop_after_effect", "status"})

_ON_NOTICE = frozenset(
    {"delay", "no_webhook", "webhook_times", "webhook_reordered", "webhook_forged", "webhook_wrong_secret"}
)

Witness = Callable[..., None]


@dataclass
class Fault:
    """One rule. `count` is how often it may still bite (None: always), `bitten` how often it did."""

    point: str  # e.g. kinguin.place_order, *.webhook, kinguin.*|resend.send
    kind: str
    count: int | None = 1
    name: str = ""  # the word of the menu that it came from
    match: str = ""  # text that must occur in the call's path, query or body
    share: float = 1.0  # of the fitting calls, by `seed`
    seed: int = field(default_factory=lambda: secrets.randbelow(2**32))
    lasts: float = 0.0  # seconds from its first bite to its end; 0 = no end
    seconds: float = 0.0  # delay, drip (per byte), search_lag, keys late, reordered (held at most)
    after: bool = False  # delay, status, known_already, order_ends: once the effect has happened
    status: int = 500
    body: str = ""
    content_type: str = "text/html"
    headers: dict[str, str] = field(default_factory=dict)
    retry_after: int | None = None  # seconds, sent as such or as a date
    retry_date: bool = False
    how: str = "rst"  # drops: rst or fin
    cut: str = "headers"  # drops: before the headers, or in the middle of the body
    to: str = "canceled"  # order_ends
    times: int = 2  # webhook_times; webhook_reordered: how many are shuffled
    variant: str = ""  # ipn_variant
    only: bool = False  # forged, wrong secret: the true notice is not sent; strangers: ours are hidden
    bitten: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        for name in ("seconds", "lasts", "share"):
            setattr(self, name, _number(name, getattr(self, name)))
        whole = [self.status, self.times, self.seed]
        whole += [number for number in (self.count, self.retry_after) if number is not None]
        texts = (self.point, self.kind, self.name, self.body, self.content_type, self.match, self.variant)
        if not all(type(n) is int and n >= 0 for n in whole) or not all(isinstance(t, str) for t in texts):
            raise ValueError("status, times, seed and count are whole numbers; point, body and match texts")
        if (
            not all(math.isfinite(n) and n >= 0 for n in (self.seconds, self.lasts))
            or not 0 <= self.share <= 1
        ):
            raise ValueError("seconds and lasts are at least 0, share is from 0 to 1")
        if self.how not in {"rst", "fin"} or self.cut not in {"headers", "body"}:
            raise ValueError("how is rst or fin, cut is headers or body")
        check_place(self.point, self.kind)
        if self.kind == "ipn_variant" and self.variant not in {*SHAPES, *EXTRA}:
            raise ValueError(f"variant is one of {', '.join(sorted({*SHAPES, *EXTRA}))}")
        self._dice = random.Random(self.seed)  # noqa: S311 (chances that can be repeated, not secrets)
        self._began = 0.0

    @property
    def dice(self) -> random.Random:
        return self._dice

    @property
    def word(self) -> str:
        """How bites are counted: by the menu's name, else by kind."""
        return self.name or self.kind

    def fits(self, point: str, kinds: frozenset[str], text: str, *, after: bool) -> bool:
        side = self.after or self.kind in _ALWAYS_AFTER
        return (
            covers(self.point, point)
            and self.kind in kinds
            and (side == after or self.kind not in BEFORE_EFFECT | AFTER_EFFECT)
            and self.match in text
            and self.count != 0
            and not self._over
        )

    def bite(self) -> bool:
        """Throws the dice, and counts."""
        if self.share < 1 and self._dice.random() >= self.share:
            return False
        self._began = self._began or time.monotonic()
        self.bitten += 1
        self.count = self.count and self.count - 1
        return True

    @property
    def _over(self) -> bool:
        return bool(self.lasts and self._began) and time.monotonic() > self._began + self.lasts

    def row(self) -> dict[str, Any]:
        return {item.name: getattr(self, item.name) for item in fields(self)}


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is a number, not {str(value)[:20]!r}") from None


class Faults:
    """The plan. Every endpoint, delivery and notice asks it by its point's name; `witness` hears of each bite."""

    def __init__(self, witness: Witness | None = None) -> None:
        self._rules: list[Fault] = []
        self._lock = threading.Lock()
        self._witness = witness or (lambda effect, **facts: None)

    def add(self, asked: Mapping[str, Any]) -> Fault:
        """By `name` from the menu, or by `point` and `kind`. Raises ValueError for what is not understood."""
        rule = spelled_out(asked)
        known = {item.name for item in fields(Fault) if item.init}
        unknown = set(rule) - known | {"point", "kind"} - set(rule)
        if unknown:
            raise ValueError(
                f"a fault has a name, or a point and a kind, and known fields; wrong: {', '.join(sorted(unknown))}"
            )
        fault = Fault(**rule)
        self._witness("set", **fault.row())
        with self._lock:
            self._rules.append(fault)
        return fault

    def take(
        self,
        point: str,
        kinds: frozenset[str],
        text: str = "",
        *,
        after: bool = False,
        when: Callable[[Fault], bool] = lambda _: True,
    ) -> list[Fault]:
        """The faults that bite here and now, in the order of the plan, up to the first that ends the call.

        `when` says whether a rule would make a difference at all; a bite that nobody feels is none.
        """
        bites: list[Fault] = []
        with self._lock:
            for rule in self._rules:
                if rule.fits(point, kinds, text, after=after) and when(rule) and rule.bite():
                    bites.append(rule)
                    if rule.kind in FINAL:
                        break
        for rule in bites:
            self._witness("bitten", name=rule.word, point=point, kind=rule.kind, at_call=text[:200])
        return bites

    def on_notice(self, point: str, text: str) -> list[Fault]:
        return self.take(point, _ON_NOTICE, text)

    def stands(self, point: str, kind: str) -> bool:
        """Whether such a rule is there and may still bite."""
        with self._lock:
            return any(
                rule.fits(point, frozenset({kind}), rule.match, after=rule.after) for rule in self._rules
            )

    def rows(self) -> list[dict[str, Any]]:
        with self._lock:
            return [rule.row() for rule in self._rules]

    def clear(self, *kinds: str) -> None:
        """Ends all rules, or those of these kinds."""
        with self._lock:
            self._rules = [rule for rule in self._rules if kinds and rule.kind not in kinds]
