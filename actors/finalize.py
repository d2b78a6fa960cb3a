"""Asks the suppliers where the purchases of an order stand, and records it."""

from __future__ import annotations

import structlog

from actors import bell
from actors.chain import hand_on
from actors.encrypt_store import encrypt_store
from actors.pauses import pause_for, report_refusal
from actors.step import step
from actors.workshop import shop
from bitloot.errors import Ambiguous, Blocked, Permanent
from bitloot.states import OrderState, PurchaseState, SupplierStatus
from bitloot.suppliers.base import Standing
from db import Order, Purchase, open_case, purchases_of

__all__ = ["finalize"]

log = structlog.get_logger(__name__)

#: Bought, with keys still to come.
OPEN = frozenset({PurchaseState.WAITING, PurchaseState.PARTIAL})

#: The supplier ended it without (all) keys.
ENDED = frozenset(map(str, (SupplierStatus.CANCELED, SupplierStatus.REFUNDED, SupplierStatus.FAILED)))


@step(queue="finalize")
def finalize(order_id: str) -> None:
    """A webhook is a hint: this asks. Hands on when keys are there, comes back when they are not."""
    order = Order.find(order_id)
    if order is None:
        return
    if order.state is OrderState.READY:
        hand_on(encrypt_store, order_id)
        return
    if order.state is not OrderState.WAITING:
        return
    purchases = purchases_of(order)
    standings = [standing for item in purchases if item.state in OPEN and (standing := _ask(item))]
    _record(order, purchases, standings)


def _ask(purchase: Purchase) -> Standing | None:
    """Where one purchase stands at its supplier; None where that is not to be known now."""
    supplier = shop().suppliers.get(purchase.supplier)
    if supplier is None or purchase.supplier_ref is None:
        return None
    try:
        standing = supplier.status(purchase.supplier_ref)
    except (Ambiguous, Blocked) as error:
        log.warning("status not known", action="status_unknown", supplier=purchase.supplier, code=error.code)
        return None
    except Permanent as error:  # it knew the order when it took the money: a person must ask it
        report_refusal(purchase, error)
        return None
    if purchase.supplier_status != str(standing.status):
        purchase.note_status(str(standing.status))
    return standing


def _record(order: Order, purchases: list[Purchase], standings: list[Standing]) -> None:
    ended = [item for item in purchases if item.state in OPEN and item.supplier_status in ENDED]
    if ended:
        _end(order, ended[0])
    elif all(_delivered(item) for item in purchases):
        if order.advance(OrderState.READY, actor="finalize"):
            hand_on(encrypt_store, str(order.id))
    else:
        order.look_again(pause_for(order))
        if any(standing.keys_ready for standing in standings):
            hand_on(encrypt_store, str(order.id))  # what is there is sealed as it comes
    bell.ring()


def _delivered(purchase: Purchase) -> bool:
    return purchase.state is PurchaseState.STORED or purchase.supplier_status == str(SupplierStatus.DELIVERED)


def _end(order: Order, purchase: Purchase) -> None:
    """Canceled or refunded over there. Keys that are stored stay; a person decides about the rest."""
    figures = {
        "supplier": purchase.supplier,
        "supplier_ref": purchase.supplier_ref or "",
        "status": purchase.supplier_status or "",
        "keys_stored": str(purchase.keys_stored),
    }
    purchase.advance(
        PurchaseState.FAILED, note=purchase.supplier_status or "", error=purchase.supplier_status
    )
    open_case(order.id, purchase.id, "purchase_ended", figures)
    order.advance(OrderState.FAILED, actor="finalize", reason=figures["status"], data=figures)
