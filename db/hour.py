"""What the last hour brought, for the figures: each answer by an index, however many orders there are."""

from __future__ import annotations

from dataclasses import dataclass

from db.base import rows

__all__ = [
    "Connections",
    "Heard",
    "KeyTimes",
    "connections",
    "key_times",
    "notices_heard",
    "purchases_made",
]

#: More orders than these say nothing more about an hour's times.
MOST = 5_000

HEARD = """
    SELECT s.source, n.verdict, count(n.*), percentile_cont(0.95) WITHIN GROUP (
           ORDER BY greatest(extract(epoch FROM n.received_at - n.told_at), 0)) FILTER (WHERE n.told_at IS NOT NULL)
      FROM unnest(%s::text[]) AS s (source) JOIN notices n ON n.source = s.source
       AND n.received_at > now() - interval '1 hour' GROUP BY 1, 2 ORDER BY 1, 2
"""

TIMES = """
    WITH paid AS (SELECT order_id, at FROM moves WHERE dst = 'paid' AND at > now() - interval '1 hour'
                   ORDER BY at DESC LIMIT %s),
    timed AS (SELECT extract(epoch FROM f.at - p.at) AS seconds FROM paid p
                JOIN moves f ON f.order_id = p.order_id AND f.dst = 'fulfilled' AND f.at >= p.at)
    SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds),
           percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) FROM timed
"""


@dataclass(frozen=True)
class Heard:
    """Notices of one source; `lag` is the 95th percentile of seconds since the sender's own time, None if untold."""

    source: str
    verdict: str
    notices: int
    lag: float | None


@dataclass(frozen=True)
class KeyTimes:
    """Seconds from the payment to the sealed key, of orders paid within the hour; None where there is none."""

    orders: int
    p50: float | None
    p95: float | None


@dataclass(frozen=True)
class Connections:
    application: str
    state: str
    count: int


def notices_heard(sources: list[str]) -> list[Heard]:
    return [
        Heard(source, verdict, int(count), None if lag is None else float(lag))
        for source, verdict, count, lag in rows(HEARD, sorted(sources))
    ]


def purchases_made(suppliers: list[str]) -> dict[tuple[str, str], int]:
    """{(supplier, state): purchases} of those begun within the hour."""
    found = rows(
        "SELECT supplier, state, count(*) FROM purchases WHERE supplier = ANY(%s::text[])"
        " AND created_at > now() - interval '1 hour' GROUP BY 1, 2 ORDER BY 1, 2",
        sorted(suppliers),
    )
    return {(supplier, state): int(count) for supplier, state, count in found}


def key_times() -> KeyTimes:
    [(orders, p50, p95)] = rows(TIMES, MOST)
    return KeyTimes(int(orders), None if p50 is None else float(p50), None if p95 is None else float(p95))


def connections() -> list[Connections]:
    """Of this shop's processes to this database, as the server knows them."""
    found = rows(
        "SELECT application_name, coalesce(state, 'unknown'), count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name LIKE 'bitloot %%' GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return [Connections(application, state, int(count)) for application, state, count in found]
