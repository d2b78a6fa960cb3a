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
moved AS (
    SELECT order_id, min(at) FILTER (WHERE dst = 'fulfilled') AS sealed_at,
           max(at) FILTER (WHERE dst = 'ready') AS ready_at
      FROM chosen JOIN moves USING (order_id) GROUP BY order_id
), intended AS (
    SELECT order_id, min(created_at) AS intent_at FROM chosen JOIN purchases USING (order_id) GROUP BY order_id
), live AS (
    SELECT c.order_id, p.id, p.supplier, p.supplier_ref
      FROM chosen c JOIN lines l USING (order_id) LEFT JOIN purchases p ON p.line_id = l.id AND p.state <> 'failed'
), steps AS (
    SELECT purchase_id, dst, at, coalesce(src, '') <> dst AS moves,
           lead(at) OVER (PARTITION BY purchase_id ORDER BY purchase_moves.id) AS until
      FROM live JOIN purchase_moves ON purchase_id = live.id
), history AS (
    SELECT purchase_id, min(at) FILTER (WHERE dst IN ('waiting', 'partial', 'stored')) AS accepted_at,
           min(at) FILTER (WHERE dst = 'stored') AS stored_at,
           range_agg(tstzrange(at, until))
               FILTER (WHERE dst IN ('sending', 'committing') AND moves AND until >= at) AS calls
      FROM steps GROUP BY purchase_id
), told AS (
    SELECT live.id, min(received_at) AS told_at
      FROM live JOIN notices ON source = supplier AND external_id = supplier_ref AND says = 'delivered' GROUP BY live.id
), delivered AS (
    SELECT order_id, accepted_at, calls,
           CASE WHEN accepted_at IS NOT NULL AND coalesce(told_at, ready_at, stored_at) IS NOT NULL
                THEN greatest(accepted_at, least(told_at, ready_at, stored_at)) END AS done_at
      FROM live LEFT JOIN history ON purchase_id = id LEFT JOIN told USING (id) LEFT JOIN moved USING (order_id)
), bought AS (
    SELECT order_id, CASE WHEN bool_and(accepted_at IS NOT NULL) THEN max(accepted_at) END AS accepted_at,
           CASE WHEN bool_and(done_at IS NOT NULL) THEN max(done_at) END AS done_at,
           coalesce(range_agg(calls), '{}')
           + coalesce(range_agg(tstzrange(accepted_at, done_at)) FILTER (WHERE done_at IS NOT NULL), '{}') AS spans
      FROM delivered GROUP BY order_id
), mailed AS (
    SELECT order_id, min(sent_at) AS mailed_at FROM chosen JOIN letters USING (order_id)
     WHERE kind = 'keys_ready' GROUP BY order_id
), revealed AS (
    SELECT order_id, min(at) AS revealed_at FROM chosen JOIN access_records USING (order_id)
     WHERE action = 'reveal' AND outcome = 'granted' GROUP BY order_id
), timed AS MATERIALIZED (
    SELECT order_id, paid_at, intent_at, accepted_at, done_at, sealed_at, mailed_at, revealed_at,
           CASE WHEN sealed_at IS NOT NULL THEN (
               SELECT coalesce(sum(extract(epoch FROM upper(span) - lower(span))), 0)::double precision
                 FROM unnest(spans * tstzmultirange(tstzrange(paid_at, greatest(sealed_at, paid_at)))) AS span
           ) END AS supplier_seconds
      FROM chosen LEFT JOIN moved USING (order_id) LEFT JOIN intended USING (order_id) LEFT JOIN bought USING (order_id)
      LEFT JOIN mailed USING (order_id) LEFT JOIN revealed USING (order_id)
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
