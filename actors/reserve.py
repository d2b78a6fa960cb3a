"""Buys (or reserves) each line of a paid order."""

from __future__ import annotations

import structlog

from actors import bell
from actors.buying import pursue
from actors.chain import hand_on
from actors.finalize import finalize
from actors.gate import money_is_confirmed
from actors.step import step
from actors.workshop import shop
from bitloot.errors import Blocked, Retryable
from bitloot.states import OrderState, PurchaseState, SupplierStatus
from db import Order, Purchase, intend, open_case
from db.notices import hint_seen

__all__ = ["reserve"]

log = structlog.get_logger(__name__)

#: A purchase in one of these is bought, and its keys are on their way or here.
BOUGHT = frozenset({PurchaseState.WAITING, PurchaseState.PARTIAL, PurchaseState.STORED})

#: How long (seconds) an order rests that waits for our account at the supplier, or for a person.
REST = 60.0
LONG_REST = 3600.0


@step(queue="reserve")
def reserve(order_id: str) -> None:
    """Buys what a paid order wants, each line once, and hands on when all is bought."""
    order = Order.find(order_id)
    if order is None or order.state is not OrderState.PAID:
        return
    if not money_is_confirmed(order):
        bell.ring()
        return
    purchases = intend(order)
    later = [error for purchase in purchases if (error := _pursue(purchase)) is not None]
    _settle(order, purchases, later)


def _pursue(purchase: Purchase) -> Retryable | Blocked | None:
    """One line may have to wait without holding the others up."""
    tools = shop()
    supplier = tools.suppliers.get(purchase.supplier)
    if supplier is None:
        return Blocked(f"supplier {purchase.supplier} is not set up", code="supplier_off")
    try:
        pursue(supplier, purchase, tools.settings)
    except (Retryable, Blocked) as error:
        return error
    return None


def _settle(order: Order, purchases: list[Purchase], later: list[Retryable | Blocked]) -> None:
    """What the state of the lines means for the order."""
    states = {purchase.state for purchase in purchases}
    if PurchaseState.FAILED in states:
        _fail(order, purchases)
    elif states <= BOUGHT:
        if order.advance(OrderState.WAITING, actor="reserve", data={"lines": len(purchases)}):
            _hand_on(order, purchases)
    elif PurchaseState.MANUAL in states:
        order.park("a purchase needs a person", LONG_REST)
    elif blocked := _blocked(purchases, later):
        order.park(f"supplier: {blocked}", REST)
    else:
        order.look_again(shop().settings.poll_seconds)
    bell.ring()
    for error in later:
        if isinstance(error, Retryable):
            raise error


def _blocked(purchases: list[Purchase], later: list[Retryable | Blocked]) -> str | None:
    codes = [purchase.error or "" for purchase in purchases if purchase.state is PurchaseState.BLOCKED]
    codes += [error.code for error in later if isinstance(error, Blocked)]
    return codes[0] if codes else None


def _fail(order: Order, purchases: list[Purchase]) -> None:
    """A line that certainly cannot be bought: a person chooses between another purchase and a refund."""
    for purchase in purchases:
        if purchase.state is PurchaseState.FAILED:
            figures = {
                "supplier": purchase.supplier,
                "error": purchase.error or "",
                "product": purchase.product_ref,
            }
            open_case(order.id, purchase.id, "purchase_failed", figures)
            order.advance(OrderState.FAILED, actor="reserve", reason=purchase.error or "", data=figures)
            return


def _hand_on(order: Order, purchases: list[Purchase]) -> None:
    """Finalize at once if there may be news already; otherwise the webhook or sweep will call it."""
    done = str(SupplierStatus.DELIVERED)
    ready = any(purchase.supplier_status == done for purchase in purchases)
    early = any(hint_seen(purchase.supplier, purchase.supplier_ref or "") for purchase in purchases)
    if ready or early:
        hand_on(finalize, str(order.id))
    else:
        order.look_again(shop().settings.poll_seconds)
