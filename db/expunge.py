"""Deletes the sealed bodies of notices: one by hand, all of an age by sweep. What is said about them stays."""

from __future__ import annotations

import uuid

from db.base import rows, transaction

__all__ = ["expunge", "expunge_old"]


def expunge(notice_id: uuid.UUID) -> bool:
    """Deletes one body, and the data key with it; whether there was one."""
    return bool(
        rows(
            "UPDATE notices SET body = NULL, data_key = NULL, expunged_at = clock_timestamp()"
            " WHERE id = %s AND expunged_at IS NULL RETURNING id",
            notice_id,
        )
    )


def expunge_old(days: float, limit: int) -> int:
    """Deletes up to `limit` bodies that are older than this, oldest first; how many. So with refused deliveries.

    A mark remembers how far it has come, so that nobody looks again and again at notices without a body.
    """
    with transaction():
        found = rows(
            "WITH mark AS (SELECT at FROM beats WHERE name = 'expunged' FOR UPDATE),"
            " old AS (SELECT n.id, n.received_at FROM notices n, mark WHERE n.received_at >= mark.at"
            "  AND n.received_at < clock_timestamp() - %s * interval '1 day' ORDER BY n.received_at LIMIT %s),"
            " moved AS (UPDATE beats SET at = (SELECT max(received_at) FROM old)"
            "  WHERE name = 'expunged' AND EXISTS (SELECT 1 FROM old))"
            " UPDATE notices n SET body = NULL, data_key = NULL, expunged_at = clock_timestamp()"
            " FROM old WHERE n.id = old.id AND n.expunged_at IS NULL RETURNING n.id",
            *(days, limit),
        )
        rows(
            "DELETE FROM refused_deliveries WHERE seen_at < clock_timestamp() - %s * interval '1 day'"
            " RETURNING slot",
            days,
        )
    return len(found)
