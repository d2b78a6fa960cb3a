"""Suppliers' webhooks: kept as notices, and matched with the purchase that they are about."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from bitloot.moments import believable
from bitloot.states import OrderState, PurchaseState
from bitloot.suppliers.base import Hint
from db.base import rows
from db.notices import NewNotice, keep_notice

__all__ = ["Hinted", "hinted", "hints_seen", "keep_hint"]


@dataclass(frozen=True)
class Hinted:
    """The order that a webhook is about, and its purchase, as they stood when it came."""

    order_id: uuid.UUID
    state: OrderState
    purchase_state: PurchaseState
    late: bool = False  # later news about it came before


def keep_hint(notice: NewNotice, hint: Hint) -> tuple[bool, Hinted | None]:
    """Keeps a supplier's webhook: (whether it is new, what it is about).

    An order that is just being bought is read again after the commit: a purchase that was not written down by then will
    find the webhook (`hints_seen` looks after its own commit), so that one of the two always sees the other.
    """
    if not hint.relevant:
        return keep_notice(notice, None, "ignored"), None
    about = hinted(notice.source, hint)
    outcome = "unmatched" if about is None else "late" if about.late else "matched"
    fresh = keep_notice(notice, about.order_id if about else None, outcome, hint.status)
    if fresh and about is not None and about.state is OrderState.PAID:
        about = hinted(notice.source, hint)
    if fresh and about is not None and not about.late and about.purchase_state is PurchaseState.AMBIGUOUS:
        _look_now(about.order_id)
    return fresh, about


def hinted(supplier: str, hint: Hint) -> Hinted | None:
    """What the webhook is about, by the supplier's reference or by ours."""
    found = rows(
        "SELECT p.order_id, o.state, p.state, coalesce(%s::timestamptz <"
        " (SELECT max(n.told_at) FROM notices n WHERE n.source = p.supplier AND n.external_id = %s), false)"
        " FROM purchases p JOIN orders o ON o.id = p.order_id"
        " WHERE p.supplier = %s AND (p.supplier_ref = %s OR p.purchase_ref = %s) LIMIT 1",
        *(believable(hint.updated_at), hint.supplier_ref, supplier, hint.supplier_ref, hint.purchase_ref),
    )
    if not found:
        return None
    order_id, state, purchase_state, late = found[0]
    return Hinted(uuid.UUID(str(order_id)), OrderState(state), PurchaseState(purchase_state), late)


def hints_seen(supplier: str, supplier_ref: str) -> frozenset[str]:
    """What webhooks about this supplier order said, if any came before we knew the order; "" of one that named no
    status."""
    found = rows(
        "SELECT DISTINCT coalesce(says, '') FROM notices WHERE source = %s AND external_id = %s",
        *(supplier, supplier_ref),
    )
    return frozenset(said for (said,) in found)


def _look_now(order_id: uuid.UUID) -> None:
    """The message that wakes the step may be lost; the row is not."""
    rows(
        "UPDATE orders SET due_at = now() WHERE id = %s AND state = %s RETURNING id",
        *(order_id, str(OrderState.PAID)),
    )
