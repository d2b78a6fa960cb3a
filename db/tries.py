"""Counted tries: how often somebody may try something within a while. All processes count together."""

from __future__ import annotations

from db.base import rows

__all__ = ["count_try", "forget_tries", "forgive_tries", "tried"]


def count_try(subject: str, limit: int, seconds: float) -> float | None:
    """Counts one; None if it is within `limit`, else the seconds until the window ends."""
    count, left = tried(subject, seconds)
    return None if count <= limit else max(left, 1.0)


def tried(subject: str, seconds: float) -> tuple[int, float]:
    """Counts one; (how many there were within the window, the seconds until it ends)."""
    count, left = rows("SELECT o_count, o_left FROM count_try(%s, %s)", subject, seconds)[0]
    return int(count), float(left)


def forgive_tries(subject: str) -> None:
    """Whoever tried has shown who he is."""
    rows("DELETE FROM tries WHERE subject = %s RETURNING 1", subject)


def forget_tries(limit: int) -> int:
    """Removes up to `limit` windows that ended a day ago."""
    return len(
        rows(
            "DELETE FROM tries WHERE subject = ANY(ARRAY(SELECT subject FROM tries"
            " WHERE began < now() - interval '1 day' LIMIT %s)) RETURNING 1",
            limit,
        )
    )
