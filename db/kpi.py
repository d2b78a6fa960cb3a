"""Figures over many orders: how long from the payment to the key, by phase, whoever's time it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from db.base import rows
from db.times import STAMPS

__all__ = ["MOST_DAYS", "PHASES", "SHARES", "Figures", "Kpi", "Phase", "measure"]

#: The longest time (days) that one question may cover.
MOST_DAYS = 92

#: Shares are told of orders delivered within so many seconds.
SHARES = (10, 60, 300)

#: (name, whose time it is, from stamp, to stamp), in the order in which an order passes them.
PHASES = (
    ("intent", "ours", "paid_at", "intent_at"),
    ("accepted", "both", "intent_at", "accepted_at"),
    ("supplier done", "supplier", "accepted_at", "done_at"),
    ("sealed", "ours", "done_at", "sealed_at"),
    ("mailed", "ours", "sealed_at", "mailed_at"),
    ("first reveal", "buyer", "mailed_at", "revealed_at"),
)

#: First payments of the time: an order that was paid again after a failure counts when it was paid first.
CHOSEN = (
    "chosen AS (SELECT m.order_id, m.at AS paid_at FROM moves m WHERE m.dst = 'paid' AND m.at >= %s AND m.at < %s"
    " AND NOT EXISTS (SELECT FROM moves e WHERE e.order_id = m.order_id AND e.dst = 'paid' AND e.seq < m.seq))"
)


@dataclass(frozen=True)
class Figures:
    """Seconds. An order that began and never ended counts as endless: None is "not reached"."""

    orders: int  # that began
    ended: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True)
class Phase:
    name: str
    whose: str  # ours | supplier | both (our work and the supplier's call) | buyer
    figures: Figures


@dataclass(frozen=True)
class Kpi:
    """Of the orders that were paid in [since, until). `within`: seconds → orders delivered so soon."""

    since: datetime
    until: datetime
    total: Figures  # paid → sealed
    ours: Figures
    supplier: Figures
    phases: Sequence[Phase]
    within: Mapping[int, int]
    states: Mapping[str, int]  # where these orders stand now

    @property
    def orders(self) -> int:
        return self.total.orders

    @property
    def missed(self) -> int:
        """Paid and not delivered, or not yet."""
        return self.total.orders - self.total.ended


def measure(since: datetime, until: datetime) -> Kpi:
    """Two queries. Raises ValueError for times that are in the wrong order or further apart than MOST_DAYS."""
    if not timedelta(0) < until - since <= timedelta(days=MOST_DAYS):
        raise ValueError(f"the time must be above zero and at most {MOST_DAYS} days")
    figures, within = _figures(since, until)
    nothing = Figures(0, 0, None, None)
    return Kpi(
        since=since,
        until=until,
        total=figures.get("total", nothing),
        ours=figures.get("ours", nothing),
        supplier=figures.get("supplier", nothing),
        phases=[Phase(name, whose, figures.get(name, nothing)) for name, whose, _, _ in PHASES],
        within=within,
        states=_states(since, until),
    )


def _figures(since: datetime, until: datetime) -> tuple[dict[str, Figures], dict[int, int]]:
    """Each phase's figures by name, and how many orders were delivered within each of SHARES."""
    spans = [f"('{name}', {begin}, {_seconds(begin, end)})" for name, _, begin, end in PHASES]
    spans += [
        f"('total', paid_at, {_seconds('paid_at', 'sealed_at')})",
        f"('ours', paid_at, {_seconds('paid_at', 'sealed_at')} - supplier_seconds)",
        "('supplier', paid_at, supplier_seconds)",
    ]
    soon = ", ".join(f"count(*) FILTER (WHERE seconds <= {share})" for share in SHARES)
    found = rows(
        f"WITH {CHOSEN}, {STAMPS} SELECT name, count(*), count(seconds), percentile_disc(ARRAY[0.5, 0.95])"  # noqa: S608
        f" WITHIN GROUP (ORDER BY greatest(coalesce(seconds, 'Infinity'), 0)), {soon}"
        f" FROM timed CROSS JOIN LATERAL (VALUES {', '.join(spans)}) AS span (name, began, seconds)"
        " WHERE began IS NOT NULL GROUP BY name",
        *(since, until),
    )
    within = dict.fromkeys(SHARES, 0)
    for name, *_, ten, minute, five in found:
        if name == "total":
            within = dict(zip(SHARES, (ten, minute, five), strict=True))
    return {row[0]: Figures(row[1], row[2], *(_reached(value) for value in row[3])) for row in found}, within


def _seconds(begin: str, end: str) -> str:
    return f"extract(epoch FROM {end} - {begin})::double precision"


def _reached(seconds: float) -> float | None:
    return None if seconds == inf else seconds


def _states(since: datetime, until: datetime) -> dict[str, int]:
    found = rows(
        f"WITH {CHOSEN} SELECT o.state, count(*) FROM chosen c JOIN orders o ON o.id = c.order_id"  # noqa: S608
        " GROUP BY o.state ORDER BY o.state",
        *(since, until),
    )
    return {state: int(count) for state, count in found}
