"""Alerts: what a person is to be told, derived from the rows that it is about; once, and again while it lasts."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from peewee import ForeignKeyField, IntegerField, TextField, UUIDField

from db.base import Model, rows
from db.fields import TimeField
from db.orders import Order

__all__ = ["Alert", "Matter", "claim_alerts", "gather_alerts", "told"]

#: Everything that is open now, whoever opened it. The last part are matters that no row tells.
OPEN = """
    SELECT 'case:' || id AS matter, kind, subject AS about, order_id FROM cases WHERE state = 'open'
    UNION ALL SELECT 'job:' || id, 'dead_job', actor || ' ' || error_class, order_id FROM jobs
     WHERE state = 'dead' AND actor <> 'alert'
    UNION ALL SELECT 'block:' || id, 'blocked', provider || ' ' || code, NULL FROM blocks WHERE closed_at IS NULL
    UNION ALL SELECT * , NULL::uuid FROM unnest(%s::text[], %s::text[], %s::text[])
"""


class Alert(Model):
    order_id: uuid.UUID | None
    id = UUIDField(primary_key=True)
    matter = TextField(unique=True)
    kind = TextField()
    about = TextField()
    order = ForeignKeyField(Order, null=True, backref="alerts", index=False)
    raised_at = TimeField()
    times = IntegerField()
    told_at = TimeField(null=True)
    due_at = TimeField(null=True)
    ended_at = TimeField(null=True)

    class Meta:
        table_name = "alerts"


@dataclass(frozen=True)
class Matter:
    """Something to be told that has no row of its own. `name` is the same for as long as it lasts."""

    name: str
    kind: str
    about: str


def gather_alerts(others: Sequence[Matter], limit: int) -> tuple[int, int]:
    """Raises up to `limit` alerts for what is open, and ends those of what is not; how many of each."""
    found = rows(
        f"WITH open AS MATERIALIZED ({OPEN}),"  # noqa: S608
        " raised AS (INSERT INTO alerts SELECT gen_random_uuid(), matter, kind, about, order_id, clock_timestamp(), 0,"
        " NULL, clock_timestamp(), NULL FROM open o WHERE NOT EXISTS (SELECT 1 FROM alerts a WHERE a.matter = o.matter"
        " AND a.ended_at IS NULL) LIMIT %s ON CONFLICT (matter) DO UPDATE SET ended_at = NULL, about = EXCLUDED.about,"
        " raised_at = EXCLUDED.raised_at, due_at = EXCLUDED.due_at RETURNING 1),"
        " ended AS (UPDATE alerts a SET ended_at = clock_timestamp(), due_at = NULL WHERE ended_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM open o WHERE o.matter = a.matter) RETURNING 1)"
        " SELECT (SELECT count(*) FROM raised), (SELECT count(*) FROM ended)",
        *(
            [other.name for other in others],
            [other.kind for other in others],
            [other.about for other in others],
        ),
        limit,
    )
    return int(found[0][0]), int(found[0][1])


def claim_alerts(limit: int, lease: float) -> list[uuid.UUID]:
    """Up to `limit` that are due, each for `lease` seconds: then it is due again unless it was told."""
    found = rows(
        "UPDATE alerts SET due_at = clock_timestamp() + %s * interval '1 second' WHERE id = ANY(ARRAY("
        "SELECT id FROM alerts WHERE due_at <= clock_timestamp() ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED))"
        " RETURNING id",
        *(lease, limit),
    )
    return [uuid.UUID(str(alert_id)) for (alert_id,) in found]


def told(alert: Alert, repeat: float) -> bool:
    """It went out; due again in `repeat` seconds if it lasts. False if somebody told it meanwhile."""
    return bool(
        rows(
            "UPDATE alerts SET times = times + 1, told_at = clock_timestamp(), due_at = CASE WHEN ended_at IS NULL"
            " THEN clock_timestamp() + %s * interval '1 second' END WHERE id = %s AND times = %s RETURNING id",
            *(repeat, alert.id, alert.times),
        )
    )
