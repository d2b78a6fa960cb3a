"""How the shop stands as a whole: orders by state, money that is held for buyers, alarms."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from db.base import rows
from db.sayings import claim_saying, keep_saying, sayings

__all__ = ["HELD", "OpenAlarm", "Totals", "open_alarms", "totals"]

#: Paid, and neither delivered nor given back.
HELD = ("paid", "waiting", "ready", "review", "failed", "refund_due")

#: Counting a million orders costs a tenth of a second; who looks within this many seconds gets the count before.
FRESH = 15.0

SUBJECT = "orders"

COUNT = "SELECT state, currency, count(*), sum(price)::text FROM orders GROUP BY 1, 2 ORDER BY 1, 2"


@dataclass(frozen=True)
class Totals:
    as_of: datetime | None
    groups: Sequence[tuple[str, str, int, Decimal]]  # (state, currency, orders, their prices)

    def by_state(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for state, _, orders, _ in self.groups:
            found[state] = found.get(state, 0) + orders
        return found

    def held(self) -> dict[str, tuple[Decimal, int]]:
        """{currency: (money, orders)}."""
        found: dict[str, tuple[Decimal, int]] = {}
        for state, currency, orders, price in self.groups:
            if state in HELD:
                money, count = found.get(currency, (Decimal(0), 0))
                found[currency] = (money + price, count + orders)
        return found


@dataclass(frozen=True)
class OpenAlarm:
    """`case_id` or `job_id` where such a row is the matter."""

    kind: str
    about: str
    order_id: uuid.UUID | None
    raised_at: datetime
    times: int
    case_id: uuid.UUID | None = None
    job_id: uuid.UUID | None = None


def totals() -> Totals:
    """At most FRESH seconds old, unless somebody counts at this very moment."""
    if claim_saying(SUBJECT, FRESH):
        keep_saying(SUBJECT, {"groups": [list(row) for row in rows(COUNT)]})
    known = sayings([SUBJECT]).get(SUBJECT)
    if known is None:
        return Totals(None, [])
    groups: list[Any] = known.said["groups"]
    return Totals(
        known.at, [(state, currency, count, Decimal(price)) for state, currency, count, price in groups]
    )


def open_alarms(limit: int) -> list[OpenAlarm]:
    """What a person is being told of now, the newest first. What lasts is due to be told again."""
    found = rows(
        "SELECT kind, about, order_id, raised_at, times, matter FROM alerts WHERE due_at IS NOT NULL AND"
        " ended_at IS NULL ORDER BY raised_at DESC LIMIT %s",
        limit,
    )
    return [
        OpenAlarm(
            *(kind, about, None if order is None else uuid.UUID(str(order)), at, times),
            case_id=_id_in(matter, "case"),
            job_id=_id_in(matter, "job"),
        )
        for kind, about, order, at, times, matter in found
    ]


def _id_in(matter: str, kind: str) -> uuid.UUID | None:
    """The row that a matter is named after (db.alerts.OPEN)."""
    named, _, row = matter.partition(":")
    return uuid.UUID(row) if named == kind else None
