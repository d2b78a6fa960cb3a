"""One purchase, pursued as far as it goes now: intent first, money once, doubt settled by asking (PROVIDERS §7.4)."""

from __future__ import annotations

import time

from actors.adoption import adopt, bought, count_stale, freeze, place, place_and_call, take_answer
from actors.doubt import MOST_REPEATS, repeats_of, settle_doubt, settle_named
from actors.giving import give, settle_give
from bitloot.attempt import not_after
from bitloot.errors import Ambiguous, Blocked, Permanent, Retryable
from bitloot.settings import Settings
from bitloot.states import PurchaseState
from bitloot.suppliers.base import Supplier, Wanted
from db import Purchase
from db.looks import outlook_of

__all__ = ["pursue"]


def pursue(supplier: Supplier, purchase: Purchase, settings: Settings) -> None:
    """Takes the purchase on from wherever it stands. Raises Retryable or Blocked where the supplier lets it wait."""
    if purchase.begun is not None:
        _call(supplier, purchase, settings, purchase.begun)
    elif purchase.state is PurchaseState.SENDING:
        _give_up_stale_call(purchase, settings)
    if purchase.state is PurchaseState.COMMITTING and purchase.begun is None:
        settle_give(supplier, purchase, settings)
    if purchase.state is PurchaseState.BLOCKED:
        _resume(purchase)
    if purchase.state is PurchaseState.AMBIGUOUS:
        settle_doubt(supplier, purchase, settings)
    if purchase.state is PurchaseState.INTENT and not _found_before_buying(supplier, purchase):
        _begin(supplier, purchase, settings)
    if purchase.state is PurchaseState.PLACED or purchase.begun is not None:
        _commit(supplier, purchase, settings)


def _resume(purchase: Purchase) -> None:
    if not purchase.advance(PurchaseState.INTENT, note="resumed", error=None):
        purchase.reload()


def _give_up_stale_call(purchase: Purchase, settings: Settings) -> None:
    """A call whose lease is over belongs to a dead process: whether it bought is in doubt, never undone."""
    if outlook_of(purchase).lease_over:
        purchase.doubt(settings.search_ladder, note="the process died during the call")


def _found_before_buying(supplier: Supplier, purchase: Purchase) -> bool:
    """Looks before it buys, where the supplier can be asked by our reference."""
    if not supplier.capabilities.lookup:
        return False
    found = supplier.find(purchase.purchase_ref)
    if found:
        adopt(purchase, found, note="found before buying")
    return bool(found)


def _begin(supplier: Supplier, purchase: Purchase, settings: Settings) -> None:
    """The call that may spend money: under a lease, once, its answer fenced by the attempt."""
    lease_over = time.monotonic() + settings.purchase_lease  # no later than the row says
    if not purchase.start_call(PurchaseState.SENDING, settings.purchase_lease):
        purchase.reload()
        return
    _call(supplier, purchase, settings, lease_over)


def _call(supplier: Supplier, purchase: Purchase, settings: Settings, lease_over: float) -> None:
    """Under a lease that is ours until `lease_over` (monotonic clock)."""
    purchase.begun = None
    try:
        with not_after(lease_over):
            placed = supplier.begin(purchase.purchase_ref, _wanted(purchase))
    except Retryable as error:
        take_answer(purchase, PurchaseState.INTENT, note=error.code, lease_until=None)
        raise
    except Blocked as error:
        take_answer(purchase, PurchaseState.BLOCKED, note=error.code, error=error.code, lease_until=None)
    except Permanent as error:
        _refused(supplier, purchase, error)
    except Exception as error:  # whatever else happened, it may have happened there: doubt, never a repeat
        _doubt(supplier, purchase, settings, getattr(error, "code", type(error).__name__))
        if not isinstance(error, Ambiguous):
            raise
    else:
        if supplier.capabilities.two_phase:
            place_and_call(purchase, placed, settings.purchase_lease)
        else:
            place(purchase, placed, note="placed")


def _refused(supplier: Supplier, purchase: Purchase, error: Permanent) -> None:
    """Certainly not bought by this call. If an earlier one was in doubt, that is no answer about the earlier one."""
    if purchase.attempt > 1 and not supplier.capabilities.two_phase and repeats_of(purchase):
        freeze(purchase, "purchase_in_doubt", refused=error.code, repeats=MOST_REPEATS)
        return
    take_answer(purchase, PurchaseState.FAILED, note=error.code, error=error.code, lease_until=None)


def _doubt(supplier: Supplier, purchase: Purchase, settings: Settings, note: str) -> None:
    """A webhook about the order may have come before its answer was lost: then the first look is now."""
    if purchase.doubt(settings.search_ladder, note=note):
        settle_named(supplier, purchase)
    else:
        count_stale(purchase)


def _commit(supplier: Supplier, purchase: Purchase, settings: Settings) -> None:
    """Two-phase: pays for the one reference that was saved before. One-phase: it is paid already."""
    if supplier.capabilities.two_phase:
        give(supplier, purchase, settings)
    else:
        bought(purchase, "bought", purchase.supplier_status, settings)


def _wanted(purchase: Purchase) -> Wanted:
    """The same for every attempt, so that a repeat has the same body."""
    return Wanted(
        product_ref=purchase.product_ref,
        quantity=purchase.quantity,
        max_price=purchase.max_price,
        currency=purchase.currency,
        text_only=purchase.text_only,
    )
