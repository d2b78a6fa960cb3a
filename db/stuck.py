"""What stands too long, and whether anybody sweeps."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from peewee import TextField

from bitloot.states import OrderState
from db.base import Model, rows
from db.clock import compare
from db.fields import TimeField

__all__ = [
    "Alarm",
    "Beat",
    "beat",
    "beat_age",
    "end_stuck",
    "expire_unpaid",
    "open_cases",
    "raise_alarms",
    "stuck",
    "sweep_age",
]

#: An order that nobody paid ends this long (seconds) after the watch of its payments, if the gateway never said so.
EXPIRY = 3600.0


class Beat(Model):
    name = TextField(primary_key=True)
    at = TimeField()

    class Meta:
        table_name = "beats"


@dataclass(frozen=True)
class Alarm:
    """An order that stood in its state past the deadline (seconds)."""

    order_id: uuid.UUID
    state: OrderState
    seconds: float


def beat() -> None:
    """A sweep went through. What the database says of the time is worth a comparison."""
    compare(lambda: rows("UPDATE beats SET at = clock_timestamp() WHERE name = 'sweep' RETURNING at")[0][0])


def beat_age(name: str) -> float | None:
    """Seconds since `name` beat; None if it never did."""
    found = rows("SELECT extract(epoch FROM clock_timestamp() - at) FROM beats WHERE name = %s", name)
    return max(0.0, float(found[0][0])) if found else None


def sweep_age() -> float:
    """Seconds since a sweep went through."""
    sql = "SELECT extract(epoch FROM clock_timestamp() - at) FROM beats WHERE name = 'sweep'"
    return max(0.0, float(rows(sql)[0][0]))


def raise_alarms(state: OrderState, deadline: float, limit: int) -> list[Alarm]:
    """Opens a case `stuck` for up to `limit` orders that stand in `state` for longer than `deadline` seconds.

    Once for each stay in a state, by `alarmed_at`, which a move clears. A fulfilled order waits only while it is due.
    """
    waits = "due_at IS NOT NULL" if state is OrderState.FULFILLED else "true"
    found = rows(
        "WITH late AS (UPDATE orders SET alarmed_at = clock_timestamp() WHERE id = ANY(ARRAY("  # noqa: S608
        f" SELECT id FROM orders WHERE state = %s AND {waits} AND alarmed_at IS NULL"
        " AND moved_at < now() - %s * interval '1 second' ORDER BY moved_at LIMIT %s FOR UPDATE SKIP LOCKED))"
        " RETURNING id, state, moved_at, hold),"
        " asked AS (INSERT INTO cases (id, order_id, subject, kind, figures, state, opened_at)"
        " SELECT gen_random_uuid(), id, state, 'stuck', jsonb_build_object('state', state, 'since', moved_at,"
        " 'hold', hold, 'deadline_seconds', %s::float8), 'open', clock_timestamp() FROM late"
        " ON CONFLICT (order_id, kind, subject) WHERE state = 'open' DO NOTHING)"
        " SELECT id, extract(epoch FROM now() - moved_at) FROM late",
        *(str(state), deadline, limit, deadline),
    )
    return [Alarm(uuid.UUID(str(order_id)), state, float(seconds)) for order_id, seconds in found]


def end_stuck(limit: int) -> list[uuid.UUID]:
    """Ends the alarms of up to `limit` orders that moved on since; their ids."""
    found = rows(
        "UPDATE cases SET state = 'resolved', resolution = 'ended', resolved_by = 'sweep',"
        " reason = 'the order moved on', resolved_at = clock_timestamp() WHERE id = ANY(ARRAY("
        " SELECT c.id FROM cases c JOIN orders o ON o.id = c.order_id"
        " WHERE c.state = 'open' AND c.kind = 'stuck' AND (o.alarmed_at IS NULL OR o.state <> c.subject"
        " OR (o.state = 'fulfilled' AND o.due_at IS NULL)) ORDER BY c.opened_at LIMIT %s FOR UPDATE OF c SKIP LOCKED))"
        " RETURNING order_id",
        limit,
    )
    return [uuid.UUID(str(order_id)) for (order_id,) in found]


def expire_unpaid(watch_days: float, limit: int) -> list[uuid.UUID]:
    """Up to `limit` unpaid orders that nobody will pay any more: no payment of theirs is watched or has seen money."""
    found = rows(
        "SELECT o.id FROM orders o WHERE o.state = 'created'"
        " AND o.moved_at < now() - %s * interval '1 day' - %s * interval '1 second'"
        " AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.order_id = o.id AND (p.poll_at IS NOT NULL"
        " OR p.state IN ('confirming', 'confirmed', 'sending', 'partially_paid')))"
        " ORDER BY o.moved_at LIMIT %s",
        *(watch_days, EXPIRY, limit),
    )
    return [uuid.UUID(str(order_id)) for (order_id,) in found]


def stuck() -> Mapping[str, int]:
    """How many orders of each state have an open alarm."""
    sql = "SELECT subject, count(*) FROM cases WHERE kind = 'stuck' AND state = 'open' GROUP BY 1 ORDER BY 1"
    return {state: int(count) for state, count in rows(sql)}


def open_cases() -> Mapping[str, int]:
    """How many cases of each kind wait for a person."""
    sql = "SELECT kind, count(*) FROM cases WHERE state = 'open' GROUP BY 1 ORDER BY 1"
    return {kind: int(count) for kind, count in rows(sql)}
