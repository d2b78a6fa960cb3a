"""Asks the suppliers where the purchases of an order stand, and records it."""

from __future__ import annotations

from collections.abc import Set

import dramatiq
import structlog

from actors import bell
from actors.chain import hand_on, handed
from actors.encrypt_store import encrypt_store
from actors.pauses import pause_for, report_refusal
from actors.step import step
from actors.workshop import shop
from bitloot.errors import Ambiguous, Blocked, Permanent, Retryable
from bitloot.states import OrderState, PurchaseState, SupplierStatus
from bitloot.suppliers.base import Standing, Supplier
from db import Order, Purchase, open_case
from db.fulfilling import Fulfilling, find_fulfilling

__all__ = ["finalize", "look_into"]

log = structlog.get_logger(__name__)

#: Bought, with keys still to come.
OPEN = frozenset({PurchaseState.WAITING, PurchaseState.PARTIAL})

#: The supplier ended it without (all) keys.
ENDED = frozenset(map(str, (SupplierStatus.CANCELED, SupplierStatus.REFUNDED, SupplierStatus.FAILED)))


def look_into(supplier: Supplier | None, said: Set[str]) -> dramatiq.Actor[..., None]:
    """The step for a waiting order of which a webhook said this, or None knows what. Where keys tell as much as a
    status, a delivery is looked into by fetching them: should they not be there, sweep comes back and asks."""
    told = supplier is not None and supplier.capabilities.keys_tell and said == {SupplierStatus.DELIVERED}
    return encrypt_store if told else finalize


@step(queue="finalize")
def finalize(order_id: str) -> None:
    """A webhook is a hint: this asks. Hands on when keys are there, comes back when they are not."""
    found = handed(Fulfilling) or find_fulfilling(order_id)
    if found is None:
        return
    order, purchases = found.order, found.purchases
    if order.state is OrderState.READY:
        _go_on(order, purchases)
    if order.state is OrderState.FULFILLED:
        _look_back(order, purchases)
    if order.state is not OrderState.WAITING:
        return
    later: list[Retryable] = []
    standings = [_ask(item, later) for item in purchases if item.state in OPEN]
    _record(order, purchases, [standing for standing in standings if standing])
    if later:
        raise later[0]


def _go_on(order: Order, purchases: list[Purchase]) -> None:
    """Delivered, they said. While keys are still missing the supplier may end it all the same, and pay back."""
    later: list[Retryable] = []
    for purchase in purchases:
        if purchase.state in OPEN:
            _ask(purchase, later)
    if ended := [purchase for purchase in purchases if _is_ended(purchase)]:
        _end(order, ended)
        bell.ring()
        return
    hand_on(encrypt_store, str(order.id))
    if later:
        raise later[0]


def _ask(purchase: Purchase, later: list[Retryable]) -> Standing | None:
    """Where one purchase stands at its supplier; None where that is not to be known now."""
    supplier = shop().suppliers.get(purchase.supplier)
    if supplier is None or purchase.supplier_ref is None:
        return None
    try:
        standing = supplier.status(purchase.supplier_ref, purchase.keys_expected)
    except Retryable as error:  # one line that cannot be asked does not hold the others up
        later.append(error)
        return None
    except Blocked as error:
        log.warning("status not known", action="status_unknown", supplier=purchase.supplier, code=error.code)
        return None
    except Ambiguous as error:  # a word that nobody knows moves nothing (PROVIDERS §7.2)
        log.error(
            "a status that we do not know",
            action="status_unknown",
            supplier=purchase.supplier,
            supplier_ref=purchase.supplier_ref,
            code=error.code,
        )
        return None
    except Permanent as error:  # it knew the order when it took the money: a person must ask it
        report_refusal(purchase, error)
        return None
    if purchase.supplier_status != str(standing.status):
        purchase.note_status(str(standing.status))
    return standing


def _record(order: Order, purchases: list[Purchase], standings: list[Standing]) -> None:
    """A line that was ended is seen by its state too: a run before this one may have died half-way."""
    ended = [item for item in purchases if item.state is PurchaseState.FAILED or _is_ended(item)]
    if ended:
        _end(order, ended)
    elif all(_delivered(item) for item in purchases):
        if order.advance(OrderState.READY, actor="finalize"):
            hand_on(encrypt_store, str(order.id))
    else:
        order.go_on(pause_for(order))
    if order.state is not OrderState.READY and any(standing.keys_ready for standing in standings):
        hand_on(encrypt_store, str(order.id))  # what is there is sealed as it comes
    bell.ring()


def _is_ended(purchase: Purchase) -> bool:
    return purchase.state in OPEN and purchase.supplier_status in ENDED


def _delivered(purchase: Purchase) -> bool:
    return purchase.state is PurchaseState.STORED or purchase.supplier_status == str(SupplierStatus.DELIVERED)


def _end(order: Order, ended: list[Purchase]) -> None:
    """Canceled or refunded over there. Keys that are stored stay; a person decides about the rest."""
    for purchase in ended:
        word = purchase.supplier_status or ""
        if purchase.state is not PurchaseState.FAILED:
            purchase.advance(PurchaseState.FAILED, note=word, error=word)
        open_case(order.id, purchase.id, "purchase_ended", _figures(purchase))
    figures = _figures(ended[0])
    order.advance(OrderState.FAILED, actor="finalize", reason=figures["status"], data=figures)


def _look_back(order: Order, purchases: list[Purchase]) -> None:
    """A supplier may end what it has delivered. Keys that are stored stay; a person must know (PROVIDERS §7.2)."""
    later: list[Retryable] = []
    for purchase in purchases:
        standing = _ask(purchase, later)
        if standing is not None and str(standing.status) in ENDED:
            open_case(order.id, purchase.id, "ended_after_delivery", _figures(purchase))
    if later:
        raise later[0]


def _figures(purchase: Purchase) -> dict[str, str]:
    return {
        "supplier": purchase.supplier,
        "supplier_ref": purchase.supplier_ref or "",
        "purchase_ref": purchase.purchase_ref,
        "status": purchase.supplier_status or "",
        "keys_stored": str(purchase.keys_stored),
    }
