"""A purchase in doubt: the supplier is asked by the search ladder, each look written down (PROVIDERS §7.4, 4 and 5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from actors.adoption import adopt, freeze
from bitloot.errors import Ambiguous, Blocked, Permanent, Retryable
from bitloot.settings import Settings
from bitloot.states import PurchaseState, SupplierStatus
from bitloot.suppliers.base import Placed, Supplier
from db import Purchase
from db.looks import LOOKED, Outlook, outlook_of, record_look, times_moved

__all__ = ["MOST_REPEATS", "repeats_of", "settle_doubt", "settle_named"]

log = structlog.get_logger(__name__)

#: How often a purchase is sent again under its own reference at most (PROVIDERS §7.4, 5).
MOST_REPEATS = 2

#: A look that failed is taken again after the same wait, but after this (seconds) at most.
LONGEST_WAIT = 60.0

#: How far the supplier's clock may be from ours when its list is read.
CLOCKS_APART = timedelta(minutes=10)

REPEAT = "repeat "


def settle_doubt(supplier: Supplier, purchase: Purchase, settings: Settings) -> None:
    """Looks if a rung of the ladder is reached, or a webhook named an order. Raises Retryable or Blocked."""
    outlook = outlook_of(purchase)
    if supplier.capabilities.two_phase:
        if outlook.due:
            _begin_again(purchase, settings)
    elif not supplier.capabilities.lookup:
        if outlook.due:
            freeze(purchase, "purchase_in_doubt", reason="the supplier cannot be asked")
    elif outlook.due or outlook.named:
        _look(supplier, purchase, settings, outlook)


def settle_named(supplier: Supplier, purchase: Purchase) -> None:
    """Looks at once if a webhook named the order while the call was under way; the ladder does not move by it."""
    outlook = outlook_of(purchase)
    if not outlook.named or supplier.capabilities.two_phase or not supplier.capabilities.lookup:
        return
    try:
        found = _search(supplier, purchase, outlook)
    except (Retryable, Blocked) as error:
        log.info("a look failed; the ladder goes on", action="look_failed", code=error.code)
        return
    _settle_hinted(purchase, outlook, found)


def repeats_of(purchase: Purchase) -> int:
    """How often the purchase was sent again after a whole ladder."""
    return times_moved(purchase, str(PurchaseState.AMBIGUOUS), str(PurchaseState.INTENT), REPEAT)


def _begin_again(purchase: Purchase, settings: Settings) -> None:
    """The first phase is free, so it may be repeated as long as the ladder lasts; an orphan there is a nuisance."""
    if purchase.looks < len(settings.search_ladder):
        purchase.advance(PurchaseState.INTENT, note="beginning again is free here", look_at=None)
    else:
        freeze(purchase, "purchase_in_doubt", looks=purchase.looks)


def _look(supplier: Supplier, purchase: Purchase, settings: Settings, outlook: Outlook) -> None:
    rungs, rung = settings.search_ladder, purchase.looks
    last = outlook.due and rung >= len(rungs)
    try:
        found = _search(supplier, purchase, outlook, second_look=last)
    except (Retryable, Blocked) as error:
        # A failed read says neither yes nor no: the same rung again.
        wait = min(rungs[min(rung, len(rungs)) - 1], LONGEST_WAIT) if outlook.due else None
        record_look(purchase, f"look failed: {error.code} ({rung}/{len(rungs)})", outlook.at, wait=wait)
        raise
    if found or not outlook.due:
        _settle_hinted(purchase, outlook, found)
        return
    wait = None if last else rungs[rung]
    if record_look(purchase, f"{LOOKED}none ({rung}/{len(rungs)})", outlook.at, wait=wait, climb=not last):
        if last:
            _end_of_ladder(purchase, settings)
    else:
        purchase.reload()


def _settle_hinted(purchase: Purchase, outlook: Outlook, found: Sequence[Placed]) -> None:
    if found:
        adopt(purchase, found, note="found after doubt")
    else:
        record_look(purchase, f"{LOOKED}none, though a webhook named one", outlook.at)


def _end_of_ladder(purchase: Purchase, settings: Settings) -> None:
    """Nobody knows the order. Sending it again relies on the supplier to refuse a second one, so it is a setting."""
    repeats = repeats_of(purchase)
    known = (
        purchase.error == "duplicate"
    )  # it said that it has the order, and does not show it: no use in repeating
    if settings.repeat_after_ambiguous and not known and repeats < MOST_REPEATS:
        note = f"{REPEAT}{repeats + 1}/{MOST_REPEATS} under the same reference"
        purchase.advance(PurchaseState.INTENT, note=note, looks=0, look_at=None)
    else:
        freeze(
            purchase, "purchase_in_doubt", looks=purchase.looks, repeats=repeats, doubt=purchase.error or ""
        )


def _search(
    supplier: Supplier, purchase: Purchase, outlook: Outlook, *, second_look: bool = False
) -> list[Placed]:
    """Every order under our reference that the supplier's own word confirms, each once, oldest first."""
    try:
        found = {order.supplier_ref: order for order in supplier.find(purchase.purchase_ref)}
    except Retryable as error:
        if error.code != "search_too_long" or not supplier.capabilities.listing:
            raise
        found, second_look = {}, True  # a filter that is ignored; the list is compared by us
    for ref in outlook.named:
        if ref not in found and (order := _confirmed(supplier, purchase, ref)):
            found[ref] = order
    if second_look and not found and supplier.capabilities.listing:
        found = {order.supplier_ref: order for order in _listed(supplier, purchase, outlook.at)}
    return list(found.values())


def _confirmed(supplier: Supplier, purchase: Purchase, supplier_ref: str) -> Placed | None:
    """The order that a webhook named, if the supplier itself says that it is ours: the search may lag behind it."""
    try:
        standing = supplier.status(supplier_ref)
    except (Permanent, Ambiguous):
        return None
    if standing.purchase_ref != purchase.purchase_ref:
        return None
    return Placed(supplier_ref, standing.status, standing.keys_expected)


def _listed(supplier: Supplier, purchase: Purchase, now: datetime) -> list[Placed]:
    """The second look: the supplier's list of our orders, compared by our reference."""
    since, until = purchase.created_at - CLOCKS_APART, now + CLOCKS_APART
    try:
        orders = supplier.orders_between(since, until, purchase.product_ref)
    except Permanent as error:
        log.warning("the second look is not to be had", action="no_second_look", code=error.code)
        return []
    return [
        Placed(order.supplier_ref, order.status or SupplierStatus.PENDING, order.quantity, order.created_at)
        for order in orders
        if order.purchase_ref == purchase.purchase_ref
    ]
