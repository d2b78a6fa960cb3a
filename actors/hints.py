"""Whom a supplier's webhook wakes: it is a hint, so the step that asks, and nobody where nothing can come of it."""

from __future__ import annotations

import dramatiq

from actors.encrypt_store import OPEN, encrypt_store
from actors.finalize import ENDED, look_into
from actors.reserve import reserve
from bitloot.states import OrderState, PurchaseState
from bitloot.suppliers.base import Hint, Supplier
from db.hints import Hinted

__all__ = ["step_for"]

#: A look at the supplier is what such a purchase waits for.
WAITS_FOR_A_LOOK = OPEN | {PurchaseState.AMBIGUOUS}


def step_for(
    hinted: Hinted, hint: Hint, supplier: Supplier | None = None
) -> dramatiq.Actor[..., None] | None:
    """The step that looks into what `supplier` says; none if later news came before. A purchase that is just being made
    will find the webhook when it is written down."""
    if hinted.late:
        return None
    match hinted.state:
        case OrderState.PAID:
            return reserve if hinted.purchase_state in WAITS_FOR_A_LOOK else None
        case OrderState.FAILED if hinted.purchase_state in OPEN:
            return encrypt_store
        case OrderState.FULFILLED if hint.status is None or str(hint.status) not in ENDED:
            return None
    return look_into(supplier, {str(hint.status)} if hinted.state is OrderState.WAITING else set())
