"""Suppliers' webhooks: kept as notices, and matched with the purchase that they are about."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from bitloot.moments import believable
from bitloot.states import OrderState, PurchaseState
from bitloot.suppliers.base import Hint
from db.base import rows
from db.notices import KEEP_ABOUT, NewNotice, keep_notice

__all__ = ["Hinted", "hinted", "keep_hint"]

FIND = (
    "SELECT p.order_id, o.state, p.state AS bought, coalesce(%s::timestamptz <"
    " (SELECT max(n.told_at) FROM notices n WHERE n.source = p.supplier AND n.external_id = %s), false) AS late"
    " FROM purchases p JOIN orders o ON o.id = p.order_id"
    " WHERE p.supplier = %s AND (p.supplier_ref = %s OR p.purchase_ref = %s) LIMIT 1"
)

#: FIND, and the notice with its order and outcome by what was found.
MATCH = (
    "SELECT k.o_fresh, a.order_id, a.state, a.bought, a.late"  # noqa: S608
    f" FROM (VALUES (1)) one LEFT JOIN ({FIND}) a ON true CROSS JOIN LATERAL {KEEP_ABOUT} k"
)


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
    find the webhook (`find_fulfilling` looks after its own commit), so that one of the two always sees the other.
    """
    if not hint.relevant:
        return keep_notice(notice, None, "ignored"), None
    fresh, about = _keep_matched(notice, hint)
    if fresh and about is not None and about.state is OrderState.PAID:
        about = hinted(notice.source, hint)
    if fresh and about is not None and not about.late and about.purchase_state is PurchaseState.AMBIGUOUS:
        _look_now(about.order_id)
    return fresh, about


def hinted(supplier: str, hint: Hint) -> Hinted | None:
    """What the webhook is about, by the supplier's reference or by ours."""
    found = rows(FIND, *_sought(supplier, hint))
    return _hinted(*found[0]) if found else None


def _keep_matched(notice: NewNotice, hint: Hint) -> tuple[bool, Hinted | None]:
    """By one statement: what it is about, and the notice, which says how it was matched."""
    found = rows(MATCH, *_sought(notice.source, hint), *notice.row(None, "matched", hint.status))
    fresh, *about = found[0]
    return bool(fresh), None if about[0] is None else _hinted(*about)


def _sought(supplier: str, hint: Hint) -> tuple[Any, ...]:
    """The arguments of FIND."""
    ref = hint.supplier_ref
    return believable(hint.updated_at), ref, supplier, ref, hint.purchase_ref


def _hinted(order_id: Any, state: str, purchase_state: str, late: bool) -> Hinted:
    return Hinted(uuid.UUID(str(order_id)), OrderState(state), PurchaseState(purchase_state), late)


def _look_now(order_id: uuid.UUID) -> None:
    """The message that wakes the step may be lost; the row is not."""
    rows(
        "UPDATE orders SET due_at = now() WHERE id = %s AND state = %s RETURNING id",
        *(order_id, str(OrderState.PAID)),
    )
