"""Where an order stands for whoever is about to act on it, and the rows that a person's acts leave."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from bitloot.order_actions import Stand
from bitloot.states import PurchaseState
from db.base import rows
from db.orders import Order
from db.purchases import purchases_of

__all__ = ["Standing", "hold_order", "open_cases_of", "release_order", "standing_of"]

#: Kinds of cases whose answer `retry` sends a failed order back to be bought.
BUY_AGAIN = ("purchase_failed", "purchase_ended")


@dataclass(frozen=True)
class Standing:
    order: Order
    stand: Stand


def standing_of(order_id: uuid.UUID, *, lock: bool = False) -> Standing | None:
    """With `lock`, within a transaction, nobody moves the order, answers its cases or begins to buy for it until that
    ends. Cases first, as whoever answers one does."""
    if lock:
        rows("SELECT id FROM cases WHERE order_id = %s AND state = 'open' ORDER BY id FOR UPDATE", order_id)
    found = Order.load(f"WHERE t.id = %s{' FOR UPDATE' if lock else ''}", order_id)
    if not found:
        return None
    order = found[0]
    refunds, again, letters = rows(
        "SELECT count(*) FILTER (WHERE kind = 'refund'), count(*) FILTER (WHERE kind = ANY (%s::text[])),"
        " (SELECT array_agg(DISTINCT kind) FROM letters WHERE order_id = %s)"
        " FROM cases WHERE order_id = %s AND state = 'open'",
        *(list(BUY_AGAIN), order_id, order_id),
    )[0]
    stand = Stand(
        state=order.state,
        held_by=order.held_by,
        purchases=_purchases(order),
        refunds=refunds,
        may_buy_again=again > 0,
        letters=frozenset(letters or ()),
        has_keys=order.data_key is not None,
    )
    return Standing(order, stand)


def _purchases(order: Order) -> frozenset[PurchaseState]:
    """Where the newest of each line stand; one that failed half-way has brought keys all the same."""
    states = {PurchaseState(str(purchase.state)) for purchase in purchases_of(order)}
    if rows("SELECT 1 FROM keys WHERE order_id = %s LIMIT 1", order.id):
        states.add(PurchaseState.PARTIAL)
    return frozenset(states)


def hold_order(order_id: uuid.UUID, *, who: str, reason: str) -> None:
    """From this commit on no purchase of it begins (Purchase.start_call)."""
    rows(
        "UPDATE orders SET held_at = clock_timestamp(), held_by = %s, held_why = %s, hold = %s WHERE id = %s"
        " RETURNING 1",
        *(who, reason, f"held by {who}: {reason}", order_id),
    )


def release_order(order_id: uuid.UUID) -> None:
    """It goes on as if it had never been held; a paid one at the next sweep."""
    rows(
        "UPDATE orders SET held_at = NULL, held_by = NULL, held_why = NULL, hold = NULL,"
        " due_at = CASE WHEN state = 'paid' THEN now() ELSE due_at END WHERE id = %s RETURNING 1",
        order_id,
    )


def open_cases_of(order_id: uuid.UUID, *kinds: str) -> list[uuid.UUID]:
    """Oldest first."""
    found = rows(
        "SELECT id FROM cases WHERE order_id = %s AND state = 'open' AND kind = ANY (%s::text[]) ORDER BY opened_at",
        *(order_id, list(kinds)),
    )
    return [uuid.UUID(str(case_id)) for (case_id,) in found]
