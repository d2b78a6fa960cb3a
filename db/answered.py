"""Answers to requests with an Idempotency-Key: the first counts, a repeat gets it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from db.base import now, rows

__all__ = ["Answered", "claim_answer", "forget_answer", "keep_answer"]

#: Days for which a repeat is known as one.
DAYS = 7


@dataclass(frozen=True)
class Answered:
    """An earlier request by the same key. `status` is None while it runs, or where its end is not known."""

    digest: str
    status: int | None
    body: str | None
    began_at: datetime
    seconds: float  # ago


def claim_answer(actor: str, route: str, key: str, digest: str) -> Answered | None:
    """None for whoever is the first and now has to act; what is known of the first for all others."""
    rows(
        "DELETE FROM answered WHERE (actor, route, key) IN (SELECT actor, route, key FROM answered"
        " WHERE began_at < now() - %s * interval '1 day' ORDER BY began_at LIMIT 100 FOR UPDATE SKIP LOCKED)"
        " RETURNING 1",
        DAYS,
    )
    won = rows(
        "INSERT INTO answered (actor, route, key, digest, began_at) VALUES (%s, %s, %s, %s, clock_timestamp())"
        " ON CONFLICT DO NOTHING RETURNING 1",
        *(actor, route, key, digest),
    )
    if won:
        return None
    found = rows(
        "SELECT digest, status, body, began_at, extract(epoch FROM clock_timestamp() - began_at)::float8 FROM answered"
        " WHERE actor = %s AND route = %s AND key = %s",
        *(actor, route, key),
    )
    # Gone between the two statements: its request changed nothing, and this one comes a moment too early.
    return Answered(*found[0]) if found else Answered(digest, None, None, now(), 0.0)


def keep_answer(actor: str, route: str, key: str, status: int, body: str | None) -> None:
    rows(
        "UPDATE answered SET status = %s, body = %s WHERE actor = %s AND route = %s AND key = %s RETURNING 1",
        *(status, body, actor, route, key),
    )


def forget_answer(actor: str, route: str, key: str) -> None:
    """The request changed nothing: the same key may be used again."""
    rows("DELETE FROM answered WHERE actor = %s AND route = %s AND key = %s RETURNING 1", actor, route, key)
