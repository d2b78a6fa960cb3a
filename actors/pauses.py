"""What a step does when its supplier has nothing for it now: come back later, or ask a person."""

from __future__ import annotations

import structlog

from actors.workshop import shop
from bitloot.errors import BitLootError
from db import Order, Purchase, open_case
from db.base import now

__all__ = ["pause_for", "report_refusal"]

log = structlog.get_logger(__name__)

#: Slowest polling of an order that waits for its supplier (seconds).
SLOWEST = 300.0


def pause_for(order: Order) -> float:
    """Seconds until the next look: densely at first, then about as often as the order is old."""
    age: float = (now() - order.moved_at).total_seconds()
    return min(max(shop().settings.poll_seconds, age / 4), SLOWEST)


def report_refusal(purchase: Purchase, error: BitLootError) -> None:
    """The supplier took the money and now refuses to speak of it, or what it gave cannot be stored."""
    log.error(
        "a bought key is not to be had",
        action="supplier_refuses",
        supplier=purchase.supplier,
        code=error.code,
    )
    figures = {
        "supplier": purchase.supplier,
        "supplier_ref": purchase.supplier_ref or "",
        "purchase_ref": purchase.purchase_ref,
        "error": error.code,
    }
    open_case(purchase.order_id, purchase.id, "keys_not_to_be_had", figures)
