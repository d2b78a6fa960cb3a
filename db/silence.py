"""Who has not been heard of: a sender that switched us off says nothing, so its silence has to be noticed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from db.base import rows

__all__ = ["LastNotice", "Quiet", "last_notices", "quiet_sources", "refused_sources"]

#: What is usual is told by so many notices of a week; of fewer it cannot be told.
ENOUGH, MOST = 10, 500

#: A source that is quiet for so many times its longest pause of that week is unusually quiet.
PAUSES = 3.0

LAST = "SELECT source, max(seen_at) FROM notices GROUP BY source ORDER BY source"

QUIET = """
    WITH waiting AS (
        SELECT gateway AS source, count(*) AS orders FROM payments WHERE poll_at IS NOT NULL GROUP BY 1
        UNION ALL SELECT supplier, count(DISTINCT order_id) FROM purchases
         WHERE state IN ('placed', 'committing', 'waiting', 'partial') GROUP BY 1),
    heard AS (
        SELECT w.source, w.orders, n.received_at, n.received_at - lag(n.received_at) OVER (
                   PARTITION BY w.source ORDER BY n.received_at) AS pause
          FROM waiting w CROSS JOIN LATERAL (
               SELECT received_at FROM notices WHERE source = w.source AND received_at > now() - interval '7 days'
                ORDER BY received_at DESC LIMIT %s) n)
    SELECT source, max(orders), extract(epoch FROM now() - max(received_at)) FROM heard GROUP BY source
    HAVING count(*) >= %s AND now() - max(received_at) > greatest(%s * interval '1 second', %s * max(pause))
    ORDER BY source
"""

REFUSED = """
    SELECT source, sum(repeats + 1) FROM refused_deliveries WHERE seen_at > now() - interval '1 hour'
    GROUP BY source HAVING sum(repeats + 1) >= %s ORDER BY source
"""


@dataclass(frozen=True)
class LastNotice:
    source: str
    at: datetime


@dataclass(frozen=True)
class Quiet:
    """A source that is unusually quiet (seconds) while so many of its orders are open."""

    source: str
    orders: int
    seconds: float


def last_notices() -> list[LastNotice]:
    """When each source was heard last; a repeat counts."""
    return [LastNotice(source, at) for source, at in rows(LAST)]


def quiet_sources(least: float) -> list[Quiet]:
    """Those that have something to tell and tell nothing, for `least` seconds and far longer than usual."""
    return [
        Quiet(source, int(orders), float(seconds))
        for source, orders, seconds in rows(QUIET, MOST, ENOUGH, least, PAUSES)
    ]


def refused_sources(least: int) -> dict[str, int]:
    """Sources of which so many deliveries were refused within an hour that the sender may switch us off."""
    return {source: int(count) for source, count in rows(REFUSED, least)}
