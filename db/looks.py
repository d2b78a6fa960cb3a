"""What is known of a purchase in doubt: when to look at the supplier next, and each look as a row beside its moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from db.base import now, rows
from db.purchases import Purchase

__all__ = ["LOOKED", "Outlook", "outlook_of", "record_look", "times_moved"]

#: The note of a look that the supplier answered begins so; one that failed is noted otherwise and tells nothing.
LOOKED = "looked: "

#: Webhooks are hints: so many references that they name are asked about in one look.
MOST_NAMED = 5


@dataclass(frozen=True)
class Outlook:
    """As the database has it. `at` is its time; `named` are references, unknown to our purchases, that webhooks about
    this order brought since the supplier last answered a look."""

    at: datetime
    lease_over: bool
    due: bool
    named: tuple[str, ...]


def outlook_of(purchase: Purchase) -> Outlook:
    """By the database's clock."""
    found = rows(
        "SELECT clock_timestamp(), coalesce(p.lease_until <= now(), true), coalesce(p.look_at <= now(), true),"
        " ARRAY(SELECT DISTINCT n.external_id FROM notices n WHERE n.source = p.supplier AND n.order_id = p.order_id"
        "  AND n.external_id IS NOT NULL AND n.received_at > coalesce((SELECT max(m.at) FROM purchase_moves m"
        "   WHERE m.purchase_id = p.id AND m.src = m.dst AND m.note LIKE %s), '-infinity')"
        "  AND NOT EXISTS (SELECT 1 FROM purchases o WHERE o.supplier = n.source AND o.supplier_ref = n.external_id)"
        "  LIMIT %s) FROM purchases p WHERE p.id = %s",
        *(f"{LOOKED}%", MOST_NAMED, purchase.id),
    )
    at, lease_over, due, named = found[0]
    return Outlook(at, lease_over, due, tuple(named))


def record_look(
    purchase: Purchase, note: str, at: datetime, *, wait: float | None = None, climb: bool = False
) -> bool:
    """Writes down what one look, begun `at`, brought; whether the purchase still stood as in this copy.

    `wait` (seconds) sets the next look; `climb` makes that the next rung of the ladder.
    """
    done = rows(
        "WITH looked AS (UPDATE purchases SET looks = looks + %s,"
        " look_at = coalesce(clock_timestamp() + %s * interval '1 second', look_at)"
        " WHERE id = %s AND state = %s AND attempt = %s AND looks = %s RETURNING id, attempt, state)"
        " INSERT INTO purchase_moves (purchase_id, src, dst, attempt, note, at)"
        " SELECT id, state, state, attempt, %s, %s FROM looked RETURNING id",
        *(int(climb), wait, purchase.id, str(purchase.state), purchase.attempt, purchase.looks, note, at),
    )
    if done:
        purchase.looks += climb
        purchase.look_at = purchase.look_at if wait is None else now() + timedelta(seconds=wait)
    return bool(done)


def times_moved(purchase: Purchase, src: str, dst: str, note: str) -> int:
    """How often the purchase went from `src` to `dst` with a note that begins like this."""
    found = rows(
        "SELECT count(*) FROM purchase_moves WHERE purchase_id = %s AND src = %s AND dst = %s AND note LIKE %s",
        *(purchase.id, src, dst, f"{note}%"),
    )
    return int(found[0][0])
