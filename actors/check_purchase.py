"""Reads a purchase again whose order goes on no more: what it brings is recorded, and nothing is ever bought here."""

from __future__ import annotations

import structlog

from actors import bell
from actors.doubt import settle_doubt
from actors.step import step
from actors.workshop import shop
from bitloot.errors import Ambiguous, Blocked, Permanent
from bitloot.settings import Settings
from bitloot.states import ACTIVE, PurchaseState
from bitloot.story import learn
from bitloot.suppliers.base import Supplier
from db import Order, Purchase, open_case
from db.looks import outlook_of

__all__ = ["check_purchase"]

log = structlog.get_logger(__name__)

#: Money was spent, or may have been, in these.
SPENT = frozenset(
    {
        PurchaseState.AMBIGUOUS,
        PurchaseState.PLACED,
        PurchaseState.COMMITTING,
        PurchaseState.WAITING,
        PurchaseState.PARTIAL,
    }
)

#: A call may be under way in these, under a lease.
CALLING = frozenset({PurchaseState.SENDING, PurchaseState.COMMITTING})


@step(queue="check_purchase")
def check_purchase(purchase_id: str) -> None:
    """For orders in review, failed or on their way to a refund. A live order's own steps look after its purchases."""
    purchase = Purchase.get_or_none(Purchase.id == purchase_id)
    order = Order.find(purchase.order_id) if purchase else None
    learn(order and order.id)
    if purchase is None or order is None or order.state in ACTIVE:
        return
    supplier = shop().suppliers.get(purchase.supplier)
    if supplier is not None:
        _read(supplier, purchase, shop().settings)
    if purchase.state in SPENT:
        _tell(order, purchase)
    bell.ring()


def _read(supplier: Supplier, purchase: Purchase, settings: Settings) -> None:
    """What the supplier says by now. Raises Retryable."""
    if purchase.state is PurchaseState.SENDING and outlook_of(purchase).lease_over:
        purchase.doubt(settings.search_ladder, note="the process died during the call")
    try:
        if purchase.state is PurchaseState.AMBIGUOUS and supplier.capabilities.lookup:
            settle_doubt(supplier, purchase, settings)
        elif purchase.supplier_ref is not None and purchase.state not in CALLING:
            standing = supplier.status(purchase.supplier_ref)
            purchase.note_status(str(standing.status))
    except (Ambiguous, Blocked, Permanent) as error:
        log.warning("status not known", action="status_unknown", supplier=purchase.supplier, code=error.code)


def _tell(order: Order, purchase: Purchase) -> None:
    """A person hears of money that the supplier has for an order that does not go on."""
    figures = {
        "supplier": purchase.supplier,
        "supplier_ref": purchase.supplier_ref or "",
        "purchase_ref": purchase.purchase_ref,
        "purchase_state": str(purchase.state),
        "supplier_status": purchase.supplier_status or "",
        "order_state": str(order.state),
    }
    if open_case(order.id, purchase.id, "orphan_purchase", figures):
        log.error("a purchase without an order that goes on", action="orphan_purchase", **figures)
