"""Codes for buyers whose link is gone: one per order, good once, for a short time and a few tries."""

from __future__ import annotations

import hmac
import uuid

from db.base import rows

__all__ = ["keep_code", "take_code"]

#: Tries that one code stands. With eight digits and a few codes an hour, guessing is hopeless.
MOST_TRIES = 5


def keep_code(order_id: uuid.UUID, digest: str, seconds: float, generation: int) -> None:
    """The order's code from now on; an earlier one ends. A letter of an older generation changes nothing any more."""
    rows(
        "INSERT INTO guest_codes AS g (order_id, digest, tries, expires_at, generation)"
        " VALUES (%s, %s, 0, clock_timestamp() + %s * interval '1 second', %s) ON CONFLICT (order_id) DO UPDATE"
        " SET digest = EXCLUDED.digest, tries = 0, expires_at = EXCLUDED.expires_at, generation = EXCLUDED.generation"
        " WHERE g.generation <= EXCLUDED.generation RETURNING 1",
        *(order_id, digest, seconds, generation),
    )


def take_code(order_id: uuid.UUID, digest: str) -> bool:
    """Whether this is the order's code. A right one is used up by this, a wrong one is counted."""
    found = rows(
        "UPDATE guest_codes SET tries = tries + 1 WHERE order_id = %s AND expires_at > now() AND tries < %s"
        " RETURNING digest",
        *(order_id, MOST_TRIES),
    )
    if not found or not hmac.compare_digest(found[0][0].encode(), digest.encode()):
        return False
    return bool(
        rows("DELETE FROM guest_codes WHERE order_id = %s AND digest = %s RETURNING 1", order_id, digest)
    )
