"""What the supplier gave us is written down, once; where that cannot be right, a person is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from peewee import IntegrityError

from bitloot.settings import Settings
from bitloot.states import PurchaseState
from bitloot.suppliers.base import Placed
from db import Purchase

__all__ = ["adopt", "bought", "count_stale", "freeze", "place", "place_and_call", "take_answer"]

log = structlog.get_logger(__name__)


def place(purchase: Purchase, placed: Placed, *, note: str) -> None:
    """The supplier's reference is saved before anything else is done with it."""
    attempt = purchase.attempt
    changes: dict[str, Any] = {
        "supplier_ref": placed.supplier_ref,
        "supplier_status": str(placed.status),
        "error": None,
        "lease_until": None,
    }
    if purchase.looks:  # the second phase climbs a ladder of its own
        changes |= {"looks": 0, "look_at": None}
    try:
        if take_answer(purchase, PurchaseState.PLACED, note=note, **changes):
            return
        # The lease ran out during this very call, and nothing was sent since: the answer is not stale, only late.
        if purchase.state is PurchaseState.AMBIGUOUS and purchase.attempt == attempt:
            purchase.advance(PurchaseState.PLACED, note=f"{note}, after its lease", **changes)
    except IntegrityError:
        freeze(purchase, "reference_taken", found=placed.supplier_ref)


def place_and_call(purchase: Purchase, placed: Placed, lease: float) -> None:
    """As `place` for an answer to the call just made, and the right to pay for it is taken with it (`begun`)."""
    told = placed.supplier_ref, str(placed.status)
    try:
        if purchase.place_and_call(*told, lease, note="placed"):
            return
    except IntegrityError:
        freeze(purchase, "reference_taken", found=placed.supplier_ref)
        return
    place(purchase, placed, note="placed")  # stale, or only late


def adopt(purchase: Purchase, found: Sequence[Placed], *, note: str) -> None:
    """Takes the order that the supplier has under our reference. Of several the oldest, and then a person must look:
    money is lost, and nothing more may be bought or handed out before."""
    if len(found) == 1:
        place(purchase, found[0], note=note)
        return
    oldest = found[0]
    refs = " ".join(order.supplier_ref for order in found)
    saved = {"supplier_ref": oldest.supplier_ref, "supplier_status": str(oldest.status)}
    try:
        freeze(purchase, "bought_twice", saved, found=len(found), refs=refs)
    except IntegrityError:
        freeze(purchase, "reference_taken", found=len(found), refs=refs)


def freeze(
    purchase: Purchase, kind: str, changes: dict[str, str] | None = None, /, **figures: object
) -> None:
    """No step touches the purchase any more; the case says what is known."""
    known = {"supplier": purchase.supplier, "purchase_ref": purchase.purchase_ref}
    known |= {"supplier_ref": purchase.supplier_ref or "", **(changes or {})}
    told = {name: str(value) for name, value in figures.items()}
    if purchase.freeze(kind, {**known, **told}, **(changes or {})):
        log.error(
            "a purchase needs a person", action="purchase_frozen", kind=kind, purchase=purchase.purchase_ref
        )
    else:
        count_stale(purchase)


def bought(purchase: Purchase, note: str, status: str | None, settings: Settings) -> None:
    """The purchase waits for its keys, and with the last of them its order."""
    if not purchase.bought(note=note, status=status, actor="reserve", due=settings.poll_seconds):
        count_stale(purchase)


def take_answer(purchase: Purchase, dst: PurchaseState, *, note: str, **changes: Any) -> bool:
    """Moves the purchase by an answer to its present call. An answer to an older one is counted, and moves nothing."""
    won = purchase.advance(dst, note=note, **changes)
    if not won:
        count_stale(purchase)
    return won


def count_stale(purchase: Purchase) -> None:
    """An answer to an older attempt was refused by the row: the copy takes over what the database has."""
    attempt = purchase.attempt
    purchase.reload()
    log.warning(
        "an answer to an older attempt was refused",
        action="stale_answer",
        purchase=purchase.purchase_ref,
        attempt=attempt,
        now=purchase.attempt,
        state=str(purchase.state),
    )
