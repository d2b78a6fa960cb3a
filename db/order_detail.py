"""One order with all that belongs to it, as admins see it: no key, no fingerprint, nothing sealed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bitloot.order_actions import Stand
from db.base import rows
from db.cases import CASES, CaseFacts
from db.letter_list import LETTERS, LetterFacts
from db.lists import maker
from db.orders import Line, Order, lines_of
from db.payment_list import PAYMENTS, PaymentFacts
from db.purchase_list import PURCHASES, PurchaseFacts
from db.rights import Right, right_of
from db.steering import standing_of

__all__ = ["KeyFacts", "OrderDetail", "keys_held", "order_detail"]

#: Of each kind; an order with more of anything is read by its list.
MOST = 100


@dataclass(frozen=True)
class KeyFacts:
    """That a key is there."""

    id: uuid.UUID
    line_id: uuid.UUID
    purchase_id: uuid.UUID
    supplier: str
    media_type: str
    stored_at: datetime


@dataclass(frozen=True)
class OrderDetail:
    order: Order
    stand: Stand
    lines: Sequence[Line]
    payments: Sequence[PaymentFacts]
    purchases: Sequence[PurchaseFacts]
    keys: Sequence[KeyFacts]
    letters: Sequence[LetterFacts]
    cases: Sequence[CaseFacts]
    right: Right


def order_detail(order_id: uuid.UUID) -> OrderDetail | None:
    found = standing_of(order_id)
    if found is None:
        return None
    mine = {"order_id": order_id}
    return OrderDetail(
        order=found.order,
        stand=found.stand,
        lines=lines_of(found.order),
        payments=PAYMENTS.batch(mine, limit=MOST)[0],
        purchases=PURCHASES.batch(mine, limit=MOST)[0],
        keys=keys_held(order_id),
        letters=LETTERS.batch(mine, limit=MOST)[0],
        cases=CASES.batch(mine, limit=MOST)[0],
        right=right_of(order_id),
    )


def keys_held(order_id: uuid.UUID) -> list[KeyFacts]:
    """Oldest first."""
    found = rows(
        "SELECT id, line_id, purchase_id, supplier, media_type, stored_at FROM keys WHERE order_id = %s"
        " ORDER BY stored_at, id LIMIT 1000",
        order_id,
    )
    make = maker(KeyFacts)
    return [make(row) for row in found]
