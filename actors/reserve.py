"""Buys (or reserves) each line of a paid order."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from actors import bell
from actors.buying import pursue
from actors.chain import hand_on
from actors.encrypt_store import OPEN, encrypt_store
from actors.finalize import finalize, look_into
from actors.gate import intend_once_confirmed
from actors.pauses import pause_for
from actors.step import step
from actors.workshop import shop
from bitloot.errors import Blocked, Retryable
from bitloot.states import OrderState, PurchaseState, SupplierStatus
from bitloot.suppliers.base import Supplier
from db import Order, Purchase, open_case
from db.base import now
from db.fulfilling import find_fulfilling
from db.paying import find_paying
from db.purchases import Intent

__all__ = ["reserve"]

log = structlog.get_logger(__name__)

#: A purchase in one of these is bought, and its keys are on their way or here.
BOUGHT = frozenset({PurchaseState.WAITING, PurchaseState.PARTIAL, PurchaseState.STORED})

#: Money may be under way for these.
IN_DOUBT = frozenset({PurchaseState.SENDING, PurchaseState.AMBIGUOUS, PurchaseState.COMMITTING})

#: How long (seconds) an order rests that waits for our account at the supplier, or for a person.
REST = 60.0
LONG_REST = 3600.0


@step(queue="reserve")
def reserve(order_id: str) -> None:
    """Buys what a paid order wants, each line once, and hands on when all is bought."""
    paying = find_paying(order_id)
    order = paying.order if paying is not None else None
    if order is not None and order.state is OrderState.WAITING:
        hand_on(finalize, order_id)  # a webhook woke this step while the last line was being written down
    if paying is None or order is None or order.state is not OrderState.PAID:
        return
    if order.held_at is not None:
        order.park(f"held by {order.held_by}: {order.held_why}", LONG_REST)
        return
    lease = shop().settings.purchase_lease
    purchases = intend_once_confirmed(paying, lambda: Intent(order.id, _callable(), lease))
    if not purchases:  # not confirmed; or the order left `paid` meanwhile, and nothing was intended
        bell.ring()
        return
    later = [error for purchase in purchases if (error := _pursue(purchase)) is not None]
    _settle(order, purchases, later)


def _callable() -> list[str]:
    """Suppliers whose first call may go out at once: nothing is looked up before it, and nothing keeps it back."""
    tools = shop()
    free = [name for name, supplier in tools.suppliers.items() if not supplier.capabilities.lookup]
    gates = {name: tools.turnstiles.get(name) for name in free}
    return [name for name, gate in gates.items() if gate is None or gate.refusal() is None]


def _pursue(purchase: Purchase) -> Retryable | Blocked | None:
    """One line may have to wait without holding the others up."""
    tools = shop()
    supplier = tools.suppliers.get(purchase.supplier)
    if supplier is None:
        return Blocked(f"supplier {purchase.supplier} is not set up", code="supplier_off")
    gate = tools.turnstiles.get(purchase.supplier)
    if gate is not None and _spends_next(supplier, purchase) and (refusal := gate.refusal()) is not None:
        return refusal  # one order probes; the others neither call nor move
    try:
        pursue(supplier, purchase, tools.settings)
    except (Retryable, Blocked) as error:
        return error
    return None


def _spends_next(supplier: Supplier, purchase: Purchase) -> bool:
    """Whether what it needs next is a call that buys; what is in doubt is asked about even while none may be made."""
    if purchase.state is PurchaseState.PLACED:
        return supplier.capabilities.two_phase
    return purchase.state in {PurchaseState.INTENT, PurchaseState.BLOCKED}


def _settle(order: Order, purchases: Sequence[Purchase], later: list[Retryable | Blocked]) -> None:
    """What the state of the lines means for the order."""
    states = {purchase.state for purchase in purchases}
    if PurchaseState.FAILED in states:
        _fail(order, purchases)
    elif states <= BOUGHT:
        if _comes_to_waiting(order, purchases):
            _hand_on(order)
    elif PurchaseState.MANUAL in states:
        order.park("a purchase needs a person", _pause(order, purchases, LONG_REST))
    elif blocked := _blocked(purchases, later):
        order.park(f"supplier: {blocked}", _pause(order, purchases, REST))
    else:
        order.go_on(_pause(order, purchases))
    if order.state is not OrderState.WAITING and any(item.state in OPEN for item in purchases):
        hand_on(encrypt_store, str(order.id))  # the keys of one line do not wait for another
    bell.ring()
    for error in later:
        if isinstance(error, Retryable):
            raise error


def _comes_to_waiting(order: Order, purchases: Sequence[Purchase]) -> bool:
    """Whether it does by this run: in the commit of its last purchase, or here after one that died behind that."""
    if any(purchase.completed for purchase in purchases):
        order.state = OrderState.WAITING
        return True
    if not order.advance(OrderState.WAITING, actor="reserve", data={"lines": len(purchases)}):
        return False
    return order.look_again(shop().settings.poll_seconds)


def _pause(order: Order, purchases: Sequence[Purchase], longest: float | None = None) -> float:
    """Seconds until some line has something to do: its next look, the end of its lease, keys that may be there."""
    times = [purchase.next_at for purchase in purchases]
    waits = [(at - now()).total_seconds() for at in times if at is not None]
    if any(purchase.state in OPEN for purchase in purchases):
        waits.append(pause_for(order))
    if longest is not None:
        waits.append(longest)
    return max(min(waits, default=shop().settings.poll_seconds), 0.0)


def _blocked(purchases: Sequence[Purchase], later: list[Retryable | Blocked]) -> str | None:
    codes = [purchase.error or "" for purchase in purchases if purchase.state is PurchaseState.BLOCKED]
    codes += [error.code for error in later if isinstance(error, Blocked)]
    return codes[0] if codes else None


def _fail(order: Order, purchases: Sequence[Purchase]) -> None:
    """A line that certainly cannot be bought: a person chooses between another purchase and a refund.

    The order stays for as long as another line may just be bought: only a paid order asks about it.
    """
    failed = [purchase for purchase in purchases if purchase.state is PurchaseState.FAILED]
    told = [_figures(purchase) for purchase in failed]
    for purchase, figures in zip(failed, told, strict=True):
        open_case(order.id, purchase.id, "purchase_failed", figures)
    if any(purchase.state in IN_DOUBT for purchase in purchases):
        order.park("a line cannot be bought, another is in doubt", _pause(order, purchases, REST))
    else:
        order.advance(OrderState.FAILED, actor="reserve", reason=failed[0].error or "", data=told[0])


def _figures(purchase: Purchase) -> dict[str, str]:
    return {
        "supplier": purchase.supplier,
        "error": purchase.error or "",
        "product": purchase.product_ref,
        "purchase_ref": purchase.purchase_ref,
    }


def _hand_on(order: Order) -> None:
    """At once if there may be news already; otherwise the webhook will call whom it concerns, or sweep, before long.

    Read after the commit: of a webhook that came meanwhile either this hears, or its handler saw the order waiting.
    """
    found = find_fulfilling(order.id)
    if found is None:
        return
    done, steps = str(SupplierStatus.DELIVERED), set()
    for purchase in found.purchases:
        said = found.said[purchase.id]
        if said or purchase.supplier_status == done:
            steps.add(look_into(shop().suppliers.get(purchase.supplier), said or {done}))
    if steps:
        hand_on(steps.pop() if len(steps) == 1 else finalize, str(order.id), found)
