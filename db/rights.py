"""The right to an order's keys: given anew, used up, withdrawn with the data key."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from db.base import rows

__all__ = [
    "Doomed",
    "Right",
    "claim_doomed",
    "doomed_due",
    "forget_doomed",
    "give_right_anew",
    "orders_to_clear",
    "renew_reveals",
    "right_of",
    "spend_reveal",
    "withdraw_right",
]


@dataclass(frozen=True)
class Right:
    """Links and tokens of another `generation` open nothing. `reveals` counts keys shown since the right was given."""

    generation: int = 1
    reveals: int = 0
    withdrawn: str | None = None  # why
    keys: int = 0  # that the order has by now


def right_of(order_id: uuid.UUID) -> Right:
    """An order that has no row of its own has the first right."""
    found = rows(
        "SELECT coalesce(r.generation, 1), coalesce(r.reveals, 0),"
        " CASE WHEN r.withdrawn_at IS NOT NULL THEN coalesce(r.reason, '') END,"
        " (SELECT count(*) FROM keys k WHERE k.order_id = asked.id)"
        " FROM (SELECT %s::uuid AS id) asked LEFT JOIN rights r ON r.order_id = asked.id",
        order_id,
    )
    return Right(*found[0])


def spend_reveal(order_id: uuid.UUID, generation: int, limit: int, keys: int = 1) -> bool:
    """Counts `keys` as shown; False if `limit` is reached, or the right is withdrawn or of another generation."""
    return bool(
        rows(
            "INSERT INTO rights AS r (order_id, generation, reveals) SELECT %s, 1, %s WHERE %s = 1"
            " OR EXISTS (SELECT 1 FROM rights WHERE order_id = %s)"
            " ON CONFLICT (order_id) DO UPDATE SET reveals = r.reveals + excluded.reveals"
            " WHERE r.generation = %s AND r.reveals < %s AND r.withdrawn_at IS NULL RETURNING reveals",
            *(order_id, keys, generation, order_id, generation, limit),
        )
    )


def give_right_anew(order_id: uuid.UUID) -> int | None:
    """A new generation with unused reveals; all older links and tokens end. None if the right is withdrawn."""
    given = rows(
        "INSERT INTO rights AS r (order_id, generation, reveals) VALUES (%s, 2, 0)"
        " ON CONFLICT (order_id) DO UPDATE SET generation = r.generation + 1, reveals = 0"
        " WHERE r.withdrawn_at IS NULL RETURNING generation",
        order_id,
    )
    return int(given[0][0]) if given else None


def renew_reveals(order_id: uuid.UUID) -> None:
    """The buyer has proved anew who he is: what was used up is given again, under the same generation."""
    rows("UPDATE rights SET reveals = 0 WHERE order_id = %s RETURNING 1", order_id)


def withdraw_right(order_id: uuid.UUID, *, who: str, reason: str) -> bool:
    """Destroys the data key and dooms the objects in one commit ; whether anything was left to do."""
    return bool(rows("SELECT withdraw_right(%s, %s, %s)", order_id, who, reason)[0][0])


def orders_to_clear(retention_days: float, limit: int) -> list[tuple[uuid.UUID, str]]:
    """(order, why) of those whose keys must go: refunded ones, and ones that were fulfilled long ago."""
    found = rows(
        "SELECT id, CASE state WHEN 'refunded' THEN 'refunded' ELSE 'expired' END FROM orders"
        " WHERE data_key IS NOT NULL AND (state = 'refunded'"
        "    OR state = 'fulfilled' AND moved_at < now() - %s * interval '1 day')"
        " AND state IN ('fulfilled', 'refunded') ORDER BY moved_at LIMIT %s",
        *(retention_days, limit),
    )
    return [(uuid.UUID(str(order_id)), why) for order_id, why in found]


@dataclass(frozen=True)
class Doomed:
    """An object that has to go."""

    object_name: str
    order_id: uuid.UUID
    tries: int  # that failed


def doomed_due() -> bool:
    """Whether any object has to go now."""
    return bool(rows("SELECT 1 FROM doomed_objects WHERE due_at <= now() LIMIT 1"))


def claim_doomed(limit: int, again: float) -> list[Doomed]:
    """Objects to delete now. One whose deletion fails comes again after `again` seconds, and later each time."""
    found = rows(
        "UPDATE doomed_objects SET tries = tries + 1,"
        " due_at = clock_timestamp() + least(%s * 2 ^ least(tries, 16), 86400) * interval '1 second'"
        " WHERE object_name = ANY(ARRAY(SELECT object_name FROM doomed_objects WHERE due_at <= now()"
        " ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)) RETURNING object_name, order_id, tries - 1",
        *(again, limit),
    )
    return [Doomed(name, uuid.UUID(str(order_id)), tries) for name, order_id, tries in found]


def forget_doomed(names: Sequence[str]) -> None:
    """They are gone from the store."""
    rows("DELETE FROM doomed_objects WHERE object_name = ANY(%s) RETURNING 1", list(names))
