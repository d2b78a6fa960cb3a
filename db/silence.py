"""Who is not heard of, and who is not let in: a sender that switches us off says nothing, so it must be noticed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from db.base import rows

__all__ = ["LastNotice", "Quiet", "Refusing", "last_notices", "quiet_sources", "refused_sources"]

#: What is usual is told by so many notices of a week; of fewer it cannot be told.
ENOUGH, MOST = 10, 500

#: A source that is quiet for so many times its longest pause of that week is unusually quiet.
PAUSES = 3.0

LAST = (
    "SELECT s.source, n.received_at FROM unnest(%s::text[]) AS s (source) CROSS JOIN LATERAL (SELECT received_at"
    " FROM notices WHERE source = s.source ORDER BY received_at DESC LIMIT 1) n ORDER BY 1"
)

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


REFUSED = (
    "SELECT source, sum(count) FROM refusals WHERE minute > clock_timestamp() - interval '1 hour'"
    " GROUP BY source HAVING sum(count) >= %s ORDER BY source"
)


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


@dataclass(frozen=True)
class Refusing:
    """A source of which so many deliveries were refused within an hour, as far as they were kept."""

    source: str
    deliveries: int


def last_notices(sources: Iterable[str]) -> list[LastNotice]:
    """When each source said something new last; none for who was never heard."""
    return [LastNotice(source, at) for source, at in rows(LAST, sorted(sources))]


def quiet_sources(least: float) -> list[Quiet]:
    """Those that have something to tell and tell nothing, for `least` seconds and far longer than usual."""
    return [
        Quiet(source, int(orders), float(seconds))
        for source, orders, seconds in rows(QUIET, MOST, ENOUGH, least, PAUSES)
    ]


def refused_sources(most: int) -> list[Refusing]:
    """Those of which `most` deliveries or more were refused within an hour: they may give us up."""
    return [Refusing(source, int(deliveries)) for source, deliveries in rows(REFUSED, most)]
