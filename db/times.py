"""Time-to-key: when each phase of an order ended, from rows that the pipeline writes anyway."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from db.base import rows

__all__ = ["STAMPS", "Times", "order_times"]

#: Needs a relation `chosen (order_id, paid_at)` before it. Gives one row per chosen order.
#:
#: - `accepted_at`: the last line's purchase is bought there; before that, `intent_at`: the first was written down.
#: - `done_at`: the supplier has delivered the last line: when its webhook said so, or else when it said so to our
#:   question, or else when its last key was stored (a webhook that never came makes the supplier look slower).
#: - `supplier_seconds`: of the time from paid to sealed, what passed inside a money call or between acceptance and
#:   delivery, on any line; lines that wait side by side count once. All other time is ours, doubt and search included.
STAMPS = """
stamped AS (
    SELECT c.order_id, c.paid_at, i.intent_at, b.accepted_at, b.done_at, m.sealed_at, l.mailed_at, r.revealed_at,
           b.spans
      FROM chosen c
     CROSS JOIN LATERAL (
           SELECT min(at) FILTER (WHERE dst = 'fulfilled') AS sealed_at,
                  max(at) FILTER (WHERE dst = 'ready') AS ready_at
             FROM moves WHERE order_id = c.order_id) m
     CROSS JOIN LATERAL (
           SELECT CASE WHEN bool_and(h.accepted_at IS NOT NULL) THEN max(h.accepted_at) END AS accepted_at,
                  CASE WHEN bool_and(d.done_at IS NOT NULL) THEN max(d.done_at) END AS done_at,
                  range_agg(h.calls) + coalesce(range_agg(tstzrange(h.accepted_at, d.done_at))
                      FILTER (WHERE d.done_at IS NOT NULL), '{}') AS spans
             FROM lines
             LEFT JOIN purchases p ON p.line_id = lines.id AND p.state <> 'failed'
             LEFT JOIN LATERAL (
                  SELECT min(at) FILTER (WHERE dst IN ('waiting', 'partial', 'stored')) AS accepted_at,
                         min(at) FILTER (WHERE dst = 'stored') AS stored_at,
                         coalesce(range_agg(tstzrange(at, until)) FILTER (WHERE dst IN ('sending', 'committing')
                                  AND src IS DISTINCT FROM dst AND until >= at), '{}') AS calls
                    FROM (SELECT src, dst, at, lead(at) OVER (ORDER BY id) AS until
                            FROM purchase_moves WHERE purchase_id = p.id) steps) h ON true
             LEFT JOIN LATERAL (
                  SELECT min(received_at) AS told_at FROM notices
                   WHERE source = p.supplier AND external_id = p.supplier_ref AND says = 'delivered') n ON true
            CROSS JOIN LATERAL (
                  SELECT CASE WHEN h.accepted_at IS NOT NULL
                               AND coalesce(n.told_at, m.ready_at, h.stored_at) IS NOT NULL
                         THEN greatest(h.accepted_at, least(n.told_at, m.ready_at, h.stored_at)) END AS done_at) d
            WHERE lines.order_id = c.order_id) b
     CROSS JOIN LATERAL (SELECT min(created_at) AS intent_at FROM purchases WHERE order_id = c.order_id) i
     CROSS JOIN LATERAL (SELECT min(sent_at) AS mailed_at FROM letters WHERE order_id = c.order_id) l
     CROSS JOIN LATERAL (
           SELECT min(at) AS revealed_at FROM access_records
            WHERE order_id = c.order_id AND action = 'reveal' AND outcome = 'granted') r
), timed AS (
    SELECT s.*, CASE WHEN sealed_at IS NOT NULL THEN (
               SELECT coalesce(sum(extract(epoch FROM upper(span) - lower(span))), 0)::double precision
                 FROM unnest(s.spans * tstzmultirange(tstzrange(s.paid_at, greatest(s.sealed_at, s.paid_at)))) AS span
           ) END AS supplier_seconds
      FROM stamped s
)
"""


@dataclass(frozen=True)
class Times:
    """One order's stamps, each None until it is reached; `supplier_seconds` is None until the keys are sealed."""

    paid_at: datetime
    intent_at: datetime | None
    accepted_at: datetime | None
    done_at: datetime | None
    sealed_at: datetime | None
    mailed_at: datetime | None
    revealed_at: datetime | None
    supplier_seconds: float | None

    @property
    def total_seconds(self) -> float | None:
        """From the final payment to the sealed keys."""
        return None if self.sealed_at is None else (self.sealed_at - self.paid_at).total_seconds()

    @property
    def our_seconds(self) -> float | None:
        total, theirs = self.total_seconds, self.supplier_seconds
        return None if total is None or theirs is None else max(0.0, total - theirs)


def order_times(order_id: uuid.UUID) -> Times | None:
    """None for an order that was never paid."""
    found = rows(
        "WITH chosen AS (SELECT order_id, at AS paid_at FROM moves WHERE order_id = %s AND dst = 'paid'"  # noqa: S608
        f" ORDER BY seq LIMIT 1), {STAMPS} SELECT paid_at, intent_at, accepted_at, done_at, sealed_at, mailed_at,"
        " revealed_at, supplier_seconds FROM timed",
        order_id,
    )
    return Times(*found[0]) if found else None
