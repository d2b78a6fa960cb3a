"""What there is to show about one order."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bitloot.states import OrderState
from db.base import rows
from db.fields import as_uuid
from db.orders import Line, Move, Order
from db.payments import Payment
from db.products import Product

__all__ = ["OrderFacts", "keys_per_line", "order_facts", "payments_of", "products_named", "turn"]


@dataclass(frozen=True)
class OrderFacts:
    order: Order
    lines: Sequence[Line]
    payments: Sequence[Payment]  # newest first
    moves: Sequence[Move]  # oldest first
    partly_bought: bool = False  # it failed, and keys of it are here or on their way

    @property
    def failure(self) -> str | None:
        """The code of why a failed order failed; None for any other."""
        return self.moves[-1].reason if self.order.state is OrderState.FAILED and self.moves else None


def order_facts(order_id: uuid.UUID) -> OrderFacts | None:
    order = Order.get_or_none(Order.id == order_id)
    if order is None:
        return None
    failed = order.state is OrderState.FAILED
    return OrderFacts(
        order=order,
        partly_bought=failed and _has_bought(order_id),
        lines=list(Line.select().where(Line.order == order_id).order_by(Line.position)),
        payments=payments_of(order_id),
        moves=list(Move.select().where(Move.order == order_id).order_by(Move.seq)),
    )


def _has_bought(order_id: uuid.UUID) -> bool:
    sql = "SELECT EXISTS (SELECT 1 FROM purchases WHERE order_id = %s AND state IN ('waiting', 'partial', 'stored'))"
    return bool(rows(sql, order_id)[0][0])


def payments_of(order_id: uuid.UUID) -> list[Payment]:
    """Newest first."""
    return list(Payment.select().where(Payment.order == order_id).order_by(Payment.created_at.desc()))


def keys_per_line(order_id: uuid.UUID) -> Counter[uuid.UUID]:
    """How many keys of each line lie in the store."""
    found = rows("SELECT line_id, count(*) FROM keys WHERE order_id = %s GROUP BY line_id", order_id)
    return Counter({uuid.UUID(str(line_id)): int(count) for line_id, count in found})


def products_named(names: Iterable[str]) -> dict[str, Product]:
    """The sellable products that `names` mean, each by its id or its sku."""
    wanted = set(names)
    ids = {parsed for name in wanted if (parsed := as_uuid(name)) is not None}
    query = Product.select().where(Product.active, (Product.sku.in_(wanted)) | (Product.id.in_(ids)))
    found: dict[str, Product] = {}
    for product in query:
        found |= {name: product for name in wanted if product.sku == name or as_uuid(name) == product.id}
    return found


@contextmanager
def turn(order_id: uuid.UUID) -> Iterator[bool]:
    """Whether this caller alone now works at the order's payment. Holds a lock of this connection, no transaction,
    so that a gateway may be called meanwhile; it ends with the connection at the latest."""
    number = int.from_bytes(order_id.bytes[:8], "big", signed=True)
    mine = bool(rows("SELECT pg_try_advisory_lock(%s)", number)[0][0])
    try:
        yield mine
    finally:
        if mine:
            rows("SELECT pg_advisory_unlock(%s)", number)
