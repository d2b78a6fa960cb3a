"""The payments that news is about, as one read finds them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bitloot.gateways.base import PaymentNews
from bitloot.money import Expected
from bitloot.states import OrderState
from db.base import rows

__all__ = ["Known", "find_known", "known_of", "pick"]

FIND = (
    "SELECT p.gateway_payment_id, o.id, o.state, p.id, p.rank, p.told_at, p.price, p.currency, p.pay_amount,"
    " p.pay_currency FROM payments p JOIN orders o ON o.id = p.order_id"
    " WHERE p.gateway = %s AND p.gateway_payment_id = ANY(%s)"
)


@dataclass(frozen=True)
class Known:
    """Order and payment as one read found them."""

    order_id: uuid.UUID
    order_state: OrderState
    payment_id: uuid.UUID
    payment_rank: int
    told_at: datetime | None  # of the newest word so far, by the gateway's clock
    expected: Expected


def find_known(gateway: str, batch: Iterable[PaymentNews]) -> dict[str, Known]:
    """The payments that the news is about, and their parents, by the gateway's id."""
    refs = {ref for news in batch for ref in (news.payment_id, news.parent_payment_id) if ref}
    return {row[0]: known_of(*row) for row in rows(FIND, gateway, list(refs))}


def pick(found: dict[str, Known], news: PaymentNews) -> Known | None:
    """The payment itself, else its parent: a repeated deposit's own id is new to us (PROVIDERS.md §3.4)."""
    return found.get(news.payment_id) or found.get(news.parent_payment_id or "")


def known_of(
    ref: str, order_id: Any, state: str, payment_id: Any, rank: int, told_at: datetime | None, *figures: Any
) -> Known:
    """One row of FIND."""
    price, currency, pay_amount, pay_currency = figures
    expected = Expected(
        order_id=str(order_id),
        price=price,
        currency=currency,
        pay_currency=pay_currency,
        pay_amount=pay_amount,
        payment_id=ref,
    )
    return Known(_uuid(order_id), OrderState(state), _uuid(payment_id), rank, told_at, expected)


def _uuid(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))
