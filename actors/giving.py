"""The second phase: one reservation is paid for, and no other, however often it is asked (PROVIDERS §7.4)."""

from __future__ import annotations

import time

import structlog

from actors.adoption import bought, count_stale, freeze, take_answer
from bitloot.attempt import not_after
from bitloot.errors import Ambiguous, Blocked, Permanent, Retryable
from bitloot.settings import Settings
from bitloot.states import PurchaseState, SupplierStatus
from bitloot.suppliers.base import Standing, Supplier
from db import Purchase
from db.looks import LOOKED, outlook_of, record_look, times_moved

__all__ = ["give", "settle_give"]

log = structlog.get_logger(__name__)

#: How often a reservation of which the supplier says nothing is paid for again at most.
MOST_REPEATS = 2

REPEAT = "asked: nothing known, "

#: The reservation is over: paid for or not, it is never paid for again.
OVER = frozenset({SupplierStatus.CANCELED, SupplierStatus.REFUNDED, SupplierStatus.FAILED})


def give(supplier: Supplier, purchase: Purchase, settings: Settings) -> None:
    """Pays for the reference that was saved before. Raises Retryable or Blocked: certainly not paid."""
    lease_over, purchase.begun = purchase.begun, None
    if lease_over is None:
        lease_over = time.monotonic() + settings.purchase_lease  # no later than the row says
        if not purchase.start_call(PurchaseState.COMMITTING, settings.purchase_lease):
            purchase.reload()
            return
    try:
        with not_after(lease_over):
            standing = supplier.commit(_ref(purchase))
    except (Retryable, Blocked) as error:
        take_answer(purchase, PurchaseState.PLACED, note=error.code, error=error.code, lease_until=None)
        raise
    except Permanent as error:
        take_answer(purchase, PurchaseState.FAILED, note=error.code, error=error.code, lease_until=None)
    except Ambiguous as error:
        log.warning("payment at the supplier in doubt", action="commit_in_doubt", code=error.code)
        if not record_look(purchase, f"give in doubt: {error.code}", outlook_of(purchase).at):
            count_stale(purchase)
    else:
        bought(purchase, "bought", str(standing.status), settings)


def settle_give(supplier: Supplier, purchase: Purchase, settings: Settings) -> None:
    """Asks what a lost `give` did, once its lease is over. The same reservation is paid again only if it was not."""
    outlook = outlook_of(purchase)
    if not (outlook.lease_over and outlook.due):
        return
    standing = _asked(supplier, purchase)
    if standing is not None and (standing.paid or standing.status in OVER):
        bought(purchase, "given after all", str(standing.status), settings)
    elif standing is not None and standing.paid is False:
        _again(purchase, "asked: not given")
    elif purchase.looks < len(settings.search_ladder):
        note = f"{LOOKED}nothing known ({purchase.looks + 1}/{len(settings.search_ladder)})"
        wait = settings.search_ladder[purchase.looks]
        record_look(purchase, note, outlook.at, wait=wait, climb=True)
    else:
        _end_of_ladder(purchase)


def _asked(supplier: Supplier, purchase: Purchase) -> Standing | None:
    """The supplier's word; None where it has none, or one that nobody knows."""
    try:
        return supplier.status(_ref(purchase))
    except (Permanent, Ambiguous) as error:
        log.error("a reservation whose standing is unknown", action="status_unknown", code=error.code)
        return None


def _end_of_ladder(purchase: Purchase) -> None:
    """Nothing was ever delivered. The reservation may be paid again, not for ever."""
    repeats = times_moved(purchase, str(PurchaseState.COMMITTING), str(PurchaseState.PLACED), REPEAT)
    if repeats < MOST_REPEATS:
        _again(purchase, f"{REPEAT}repeat {repeats + 1}/{MOST_REPEATS}")
    else:
        freeze(purchase, "purchase_in_doubt", reason="give", repeats=repeats)


def _again(purchase: Purchase, note: str) -> None:
    take_answer(purchase, PurchaseState.PLACED, note=note, lease_until=None, looks=0, look_at=None)


def _ref(purchase: Purchase) -> str:
    if purchase.supplier_ref is None:
        raise ValueError("a placed purchase has the supplier's reference")
    return purchase.supplier_ref
