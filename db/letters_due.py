"""Letters that somebody has to write. Most follow the journal, so that no order waits for one."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from db.base import rows

__all__ = [
    "DueLetter",
    "ask_letter",
    "claim_letters",
    "due_letter",
    "end_letter",
    "gather_letters",
    "lines_not_bought",
    "overtaken",
    "put_off_letter",
    "refund_of",
]


@dataclass(frozen=True)
class DueLetter:
    id: uuid.UUID
    order_id: uuid.UUID
    kind: str
    generation: int


def gather_letters(kinds: Sequence[str], limit: int) -> int:
    """Reads up to `limit` settled moves and notes the letters of these kinds that they call for; how many it read.

    Any number may run side by side: one reads, the others find nothing to do.
    """
    return int(rows("SELECT gather_letters(%s, %s)", list(kinds), limit)[0][0])


def ask_letter(order_id: uuid.UUID, kind: str) -> uuid.UUID | None:
    """Another letter of this kind, whatever went before; None if one is being asked for at this very moment."""
    asked = rows(
        "INSERT INTO letters_due (id, order_id, kind, generation, due_at)"
        " SELECT gen_random_uuid(), %s, %s, coalesce(max(generation), 0) + 1, clock_timestamp() FROM"
        " (SELECT generation FROM letters WHERE order_id = %s AND kind = %s"
        "  UNION ALL SELECT generation FROM letters_due WHERE order_id = %s AND kind = %s) known"
        " ON CONFLICT DO NOTHING RETURNING id",
        *(order_id, kind) * 3,
    )
    return uuid.UUID(str(asked[0][0])) if asked else None


def due_letter(due_id: str) -> DueLetter | None:
    """None once it is sent or has failed."""
    found = rows("SELECT id, order_id, kind, generation FROM letters_due WHERE id = %s", due_id)
    return (
        DueLetter(uuid.UUID(str(found[0][0])), uuid.UUID(str(found[0][1])), *found[0][2:]) if found else None
    )


def overtaken(due: DueLetter) -> bool:
    """Whether a newer letter of this kind was asked for since."""
    return bool(
        rows(
            "SELECT 1 FROM letters_due WHERE order_id = %s AND kind = %s AND generation > %s"
            " UNION ALL SELECT 1 FROM letters WHERE order_id = %s AND kind = %s AND generation > %s LIMIT 1",
            *(due.order_id, due.kind, due.generation) * 2,
        )
    )


def claim_letters(limit: int, again: float, backlog: float = 0.0) -> list[uuid.UUID]:
    """Takes up to `limit` letters that are due; nobody else gets them for `again` seconds. What was sent less than
    `backlog` seconds ago still waits in its queue and is left there."""
    found = rows(
        "UPDATE letters_due SET due_at = clock_timestamp() + %s * interval '1 second' WHERE id = ANY(ARRAY("
        " SELECT id FROM letters_due WHERE due_at <= now() - %s * interval '1 second'"
        " ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)) RETURNING id",
        *(again, max(backlog - again, 0.0), limit),
    )
    return [uuid.UUID(str(due_id)) for (due_id,) in found]


def put_off_letter(due_id: uuid.UUID, seconds: float) -> None:
    """Asks sweep to come back to it."""
    rows(
        "UPDATE letters_due SET due_at = clock_timestamp() + %s * interval '1 second' WHERE id = %s RETURNING 1",
        *(seconds, due_id),
    )


def end_letter(due_id: uuid.UUID) -> None:
    """It is sent, has failed, or is no longer news."""
    rows("DELETE FROM letters_due WHERE id = %s RETURNING 1", due_id)


def lines_not_bought(order_id: uuid.UUID) -> list[tuple[str, int]]:
    """Names and quantities of the lines whose newest purchase has failed."""
    found = rows(
        "SELECT l.name, l.quantity FROM lines l WHERE l.order_id = %s AND (SELECT p.state FROM purchases p"
        "  WHERE p.line_id = l.id ORDER BY p.generation DESC LIMIT 1) = 'failed' ORDER BY l.position",
        order_id,
    )
    return [(str(name), int(quantity)) for name, quantity in found]


def refund_of(order_id: uuid.UUID) -> dict[str, str]:
    """What went back for an order, as far as the person who sent it said so: amount, coin, transaction."""
    found = rows(
        "SELECT figures, basis FROM cases WHERE order_id = %s AND state = 'resolved' AND resolution = 'refunded'"
        " ORDER BY resolved_at DESC LIMIT 1",
        order_id,
    )
    if not found:
        return {}
    figures, basis = found[0][0], found[0][1] or {}
    told = {"amount": figures.get("received_amount"), "coin": figures.get("received_coin")}
    known = {
        **told,
        **{name: basis.get(name) for name in ("amount", "coin", "transaction") if basis.get(name)},
    }
    return {name: str(value) for name, value in known.items() if value}
