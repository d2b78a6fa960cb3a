"""One purchase, pursued as far as it goes now: intent first, money once, doubt settled by asking (PROVIDERS §7.4)."""

from __future__ import annotations

import structlog
from peewee import IntegrityError

from bitloot.errors import Ambiguous, Blocked, Permanent, Retryable
from bitloot.settings import Settings
from bitloot.states import PurchaseState
from bitloot.suppliers.base import Placed, Supplier, Wanted
from db import Purchase, open_case

__all__ = ["pursue"]

log = structlog.get_logger(__name__)


def pursue(supplier: Supplier, purchase: Purchase, settings: Settings) -> None:
    """Takes the purchase on from wherever it stands. Raises Retryable where the same step may simply be repeated."""
    if purchase.state in {PurchaseState.SENDING, PurchaseState.COMMITTING}:
        _give_up_stale_call(supplier, purchase, settings)
    if purchase.state is PurchaseState.BLOCKED:
        purchase.advance(PurchaseState.INTENT, note="resumed", error=None)
    if purchase.state is PurchaseState.AMBIGUOUS:
        _settle_doubt(supplier, purchase, settings)
    if purchase.state is PurchaseState.INTENT and not _found_before_buying(supplier, purchase):
        _begin(supplier, purchase, settings)
    if purchase.state is PurchaseState.PLACED:
        _commit(supplier, purchase, settings)


def _give_up_stale_call(supplier: Supplier, purchase: Purchase, settings: Settings) -> None:
    """A call whose lease is over belongs to a dead process: what it did is in doubt, never undone."""
    if not purchase.is_due("lease_until"):
        return
    if purchase.state is PurchaseState.SENDING:
        _doubt(purchase, settings, "the process died during the call")
        return
    standing = supplier.status(_ref(purchase))
    if standing.paid:
        purchase.advance(PurchaseState.WAITING, note="given after all", supplier_status=str(standing.status))
    else:
        # It says that it is not paid, or says nothing: the same reservation again, and no other (PROVIDERS §7.4).
        purchase.advance(PurchaseState.PLACED, note="asked: not given", lease_until=None)


def _found_before_buying(supplier: Supplier, purchase: Purchase) -> bool:
    """Looks before it buys, where the supplier can be asked by our reference."""
    if not supplier.capabilities.lookup:
        return False
    found = supplier.find(purchase.purchase_ref)
    if found:
        _adopt(purchase, found[0], len(found), note="found before buying")
    return bool(found)


def _begin(supplier: Supplier, purchase: Purchase, settings: Settings) -> None:
    """The call that may spend money: under a lease, once, its answer fenced by the attempt."""
    if not purchase.start_call(PurchaseState.SENDING, settings.purchase_lease):
        return
    try:
        placed = supplier.begin(purchase.purchase_ref, _wanted(purchase))
    except Retryable as error:
        purchase.advance(PurchaseState.INTENT, note=error.code, lease_until=None)
        raise
    except Blocked as error:
        purchase.advance(PurchaseState.BLOCKED, note=error.code, error=error.code, lease_until=None)
    except Permanent as error:
        purchase.advance(PurchaseState.FAILED, note=error.code, error=error.code, lease_until=None)
    except Exception as error:  # whatever else happened, it may have happened there: doubt, never a repeat
        _doubt(purchase, settings, getattr(error, "code", type(error).__name__))
        if not isinstance(error, Ambiguous):
            raise
    else:
        _place(purchase, placed, note="placed")


def _place(purchase: Purchase, placed: Placed, *, note: str) -> None:
    changes = {"supplier_ref": placed.supplier_ref, "supplier_status": str(placed.status), "error": None}
    try:
        won = purchase.advance(PurchaseState.PLACED, note=note, lease_until=None, **changes)
    except IntegrityError:
        # The supplier gave a reference that another purchase has: nothing we know is certain any more.
        _manual(purchase, "reference_taken", supplier_ref=placed.supplier_ref)
        return
    if not won:
        log.warning(
            "an answer to an older attempt was refused", action="stale_answer", purchase=purchase.purchase_ref
        )


def _adopt(purchase: Purchase, placed: Placed, count: int, *, note: str) -> None:
    """Takes the order that the supplier has for ours; the oldest of several, which a person must see."""
    _place(purchase, placed, note=note if count == 1 else f"{note}; {count} found")
    if count > 1:
        _manual(purchase, "bought_twice", supplier_ref=placed.supplier_ref, found=count)


def _settle_doubt(supplier: Supplier, purchase: Purchase, settings: Settings) -> None:
    """Asks by the search ladder. Without a look-up only a free first phase may be repeated."""
    if supplier.capabilities.two_phase:
        purchase.advance(PurchaseState.INTENT, note="beginning again is free here", look_at=None)
        return
    if not purchase.is_due("look_at"):
        return
    if not supplier.capabilities.lookup:
        _manual(purchase, "purchase_in_doubt", reason="the supplier cannot be asked")
        return
    found = supplier.find(purchase.purchase_ref)
    if found:
        _adopt(purchase, found[0], len(found), note="found after doubt")
    elif not purchase.climb(settings.search_ladder):
        _manual(purchase, "purchase_in_doubt", looks=purchase.looks)


def _commit(supplier: Supplier, purchase: Purchase, settings: Settings) -> None:
    """Two-phase: pays for the one reference that was saved before. One-phase: it is paid already."""
    if not supplier.capabilities.two_phase:
        purchase.advance(PurchaseState.WAITING, note="bought")
        return
    if not purchase.start_call(PurchaseState.COMMITTING, settings.purchase_lease):
        return
    try:
        standing = supplier.commit(_ref(purchase))
    except (Retryable, Blocked) as error:
        purchase.advance(PurchaseState.PLACED, note=error.code, error=error.code, lease_until=None)
        raise
    except Permanent as error:
        purchase.advance(PurchaseState.FAILED, note=error.code, error=error.code, lease_until=None)
    except Ambiguous as error:
        log.warning("payment at the supplier in doubt", action="commit_in_doubt", code=error.code)
    else:
        purchase.advance(
            PurchaseState.WAITING,
            note="bought",
            supplier_status=str(standing.status),
            lease_until=None,
            error=None,
        )


def _doubt(purchase: Purchase, settings: Settings, note: str) -> None:
    if purchase.advance(PurchaseState.AMBIGUOUS, note=note, lease_until=None):
        purchase.climb(settings.search_ladder)


def _manual(purchase: Purchase, kind: str, **figures: object) -> None:
    """A person must look: the case says what is known."""
    purchase.advance(PurchaseState.MANUAL, note=kind, error=kind)
    known = {"supplier": purchase.supplier, "purchase_ref": purchase.purchase_ref, **figures}
    open_case(purchase.order_id, purchase.id, kind, {name: str(value) for name, value in known.items()})


def _wanted(purchase: Purchase) -> Wanted:
    return Wanted(
        product_ref=purchase.product_ref,
        quantity=purchase.quantity,
        max_price=purchase.max_price,
        currency=purchase.currency,
        text_only=purchase.text_only,
    )


def _ref(purchase: Purchase) -> str:
    if purchase.supplier_ref is None:
        raise ValueError("a placed purchase has the supplier's reference")
    return purchase.supplier_ref
