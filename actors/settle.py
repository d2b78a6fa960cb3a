"""A person settles a purchase that no step may touch: it is there, or was never bought. The supplier is asked first."""

from __future__ import annotations

from uuid import UUID

from peewee import IntegrityError

from actors.finalize import ENDED
from actors.workshop import shop
from bitloot.errors import Ambiguous, Blocked, Permanent
from bitloot.states import OrderState, PurchaseState
from bitloot.suppliers.base import Standing, Supplier
from db import Order, Purchase

__all__ = ["settle_purchase"]


def settle_purchase(purchase_id: UUID, how: str, ref: str | None, who: str, reason: str) -> None:
    """Ends `manual` by a person's word; `who` and `reason` are kept with the move.

    `how`: "adopt" takes the supplier's order `ref` (by default the one that is saved already) for ours;
    "not_bought" says that nothing was bought, after which the order fails and may be sent back to `paid`.
    Raises Permanent, with a sentence for that person, where it is not allowed; Retryable or Blocked where the supplier
    cannot be asked. Call it in a connection scope, without a transaction.
    """
    purchase = Purchase.get_or_none(Purchase.id == purchase_id)
    if purchase is None:
        raise Permanent("There is no such purchase.", code="no_purchase")
    if purchase.state is not PurchaseState.MANUAL:
        raise _moved(purchase)
    supplier = shop().suppliers.get(purchase.supplier)
    if supplier is None:
        raise Blocked(f"The supplier {purchase.supplier} is not set up.", code="supplier_off")
    if how == "adopt":
        _adopt(supplier, purchase, ref or purchase.supplier_ref, f"adopted by {who}: {reason}")
    elif how == "not_bought":
        _declare_not_bought(supplier, purchase, f"not bought, says {who}: {reason}")
    else:
        raise Permanent("A purchase is settled by adopt or not_bought.", code="bad_way")
    order = Order.get_by_id(purchase.order_id)
    if order.state in {OrderState.PAID, OrderState.WAITING}:
        order.look_again(0)


def _adopt(supplier: Supplier, purchase: Purchase, ref: str | None, note: str) -> None:
    if not ref:
        raise Permanent("Name the supplier's order that is to be adopted.", code="no_reference")
    standing = _asked(supplier, ref)
    if standing.purchase_ref not in (None, purchase.purchase_ref):
        raise Permanent(
            f"The supplier has {ref} under the reference {standing.purchase_ref}, not {purchase.purchase_ref}.",
            code="other_reference",
        )
    if standing.paid is False:
        raise Permanent(
            f"By the supplier's word {ref} was never paid for: it brings no key.", code="not_paid_there"
        )
    changes = {"supplier_ref": ref, "supplier_status": str(standing.status), "error": None}
    try:
        won = purchase.advance(PurchaseState.WAITING, note=note, **changes)
    except IntegrityError:
        won = None
    if won is None:
        raise Permanent(f"Another purchase has {ref} already.", code="reference_taken")
    if not won:
        raise _moved(purchase)


def _declare_not_bought(supplier: Supplier, purchase: Purchase, note: str) -> None:
    """The supplier's word outweighs the person's: what it has, alive, under our reference was bought."""
    for ref in _living(supplier, purchase):
        raise Permanent(
            f"The supplier has {ref} for this purchase: adopt it, or have it canceled there first.",
            code="bought_there",
        )
    if not purchase.advance(PurchaseState.FAILED, note=note, error="not_bought"):
        raise _moved(purchase)


def _living(supplier: Supplier, purchase: Purchase) -> list[str]:
    """References under which the supplier has a paid order for this purchase that it did not cancel."""
    if supplier.capabilities.lookup:
        found = supplier.find(purchase.purchase_ref)
        return [order.supplier_ref for order in found if str(order.status) not in ENDED]
    if purchase.supplier_ref is None:
        return []
    standing = _asked(supplier, purchase.supplier_ref)
    return [purchase.supplier_ref] if standing.paid and str(standing.status) not in ENDED else []


def _asked(supplier: Supplier, ref: str) -> Standing:
    try:
        return supplier.status(ref)
    except Permanent as error:
        code = error.code
    except Ambiguous as error:
        code = error.code
    raise Permanent(f"The supplier does not tell where {ref} stands ({code}).", code="unknown_there")


def _moved(purchase: Purchase) -> Permanent:
    state = Purchase.get_by_id(purchase.id).state
    return Permanent(
        f"The purchase is {state}; a person settles only one that is {PurchaseState.MANUAL}.",
        code="not_manual",
    )
