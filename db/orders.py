"""Orders, their lines, and their moves. `Order.advance` is the only door to a new state."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from peewee import (
    BigAutoField,
    BlobField,
    BooleanField,
    DecimalField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    TextField,
    UUIDField,
)

from bitloot.states import ACTIVE, OrderState, check_move
from db import base
from db.base import Model, now, rows, transaction
from db.fields import StateField, TimeField, TransactionIdField, as_uuid
from db.products import Product

__all__ = [
    "Line",
    "Move",
    "NewLine",
    "Order",
    "claim_due",
    "order_with_items",
    "place_order",
    "still_due",
]


class Order(Model):
    id = UUIDField(primary_key=True, default=uuid.uuid4)
    state = StateField(OrderState, default=OrderState.CREATED)
    seq = IntegerField(default=1)
    email = TextField()
    price = DecimalField(max_digits=12, decimal_places=2)
    currency = TextField()
    pay_currency = TextField()
    idempotency_key = TextField(null=True, unique=True)
    idempotency_digest = TextField(null=True)
    data_key = BlobField(null=True)
    hold = TextField(null=True)
    due_at = TimeField(null=True)
    created_at = TimeField(default=now)
    moved_at = TimeField(default=now)
    alarmed_at = TimeField(null=True)
    held_at = TimeField(null=True)
    held_by = TextField(null=True)
    held_why = TextField(null=True)

    class Meta:
        table_name = "orders"

    @classmethod
    def find(cls, order_id: str | uuid.UUID) -> Order | None:
        """The order, or None; also for what is no order id at all."""
        found = cls.load("WHERE t.id = %s", as_uuid(order_id))
        return found[0] if found else None

    def advance(
        self, dst: OrderState, *, actor: str, reason: str = "", data: Mapping[str, Any] | None = None
    ) -> bool:
        """Moves the order if it still stands where this copy says, and writes the Move; whether we won.

        Raises ValueError for a move that no order may make.
        """
        check_move(self.state, dst)
        won = rows(
            "SELECT advance_order(%s, %s, %s, %s, %s, %s, %s)",
            *(
                self.id,
                str(self.state),
                str(dst),
                actor,
                reason,
                json.dumps(dict(data or {})),
                due_seconds(dst),
            ),
        )[0][0]
        if won:
            self.state = dst
        return bool(won)

    def park(self, reason: str, seconds: float) -> bool:
        """Holds a paid order with a reason that people see; sweep looks again after `seconds`."""
        return self._schedule("hold = %s, due_at = now() + %s * interval '1 second'", reason, seconds)

    def look_again(self, seconds: float) -> bool:
        """Asks sweep to come back after `seconds`, unless the order moved on meanwhile."""
        return self._schedule("due_at = now() + %s * interval '1 second'", seconds)

    def go_on(self, seconds: float) -> bool:
        """As `look_again`, and whatever held the order up is over."""
        return self._schedule("hold = NULL, due_at = now() + %s * interval '1 second'", seconds)

    def rest(self) -> bool:
        """Nothing is due here any more, unless the order moved on meanwhile."""
        return self._schedule("due_at = NULL")

    def _schedule(self, changes: str, *values: Any) -> bool:
        found = rows(
            f"UPDATE orders SET {changes} WHERE id = %s AND state = %s RETURNING id",  # noqa: S608
            *(*values, self.id, str(self.state)),
        )
        return bool(found)

    def use_data_key(self, wrapped: bytes) -> bytes | None:
        """Gives the order this wrapped data key unless it has one; returns the one that it has.

        None once the right to its keys is withdrawn: what was destroyed does not come back.
        """
        kept = rows("SELECT use_data_key(%s, %s)", self.id, wrapped)[0][0]
        self.data_key = None if kept is None else bytes(kept)
        return self.data_key

    def get_ready(self, wrapped: bytes, *, actor: str) -> bytes | None:
        """waiting → ready, unless another run was quicker, in one commit with `use_data_key`; answers as that does."""
        kept, moved = rows(
            "SELECT o_data_key, o_ready FROM ready_order(%s, %s, %s, %s)",
            *(self.id, actor, wrapped, due_seconds(OrderState.READY)),
        )[0]
        if moved:
            self.state = OrderState.READY
        self.data_key = None if kept is None else bytes(kept)
        return self.data_key


class Line(Model):
    order_id: uuid.UUID
    product_id: uuid.UUID
    id = UUIDField(primary_key=True, default=uuid.uuid4)
    order = ForeignKeyField(Order, backref="lines", index=False)
    position = IntegerField()
    product = ForeignKeyField(Product, index=False)
    name = TextField()
    quantity = IntegerField()
    unit_price = DecimalField(max_digits=12, decimal_places=2)
    supplier = TextField()
    supplier_ref = TextField()
    max_cost = DecimalField(max_digits=12, decimal_places=2)
    cost_currency = TextField()
    text_only = BooleanField()
    ordered_at = TimeField()  # the order's created_at, for lists

    class Meta:
        table_name = "lines"
        indexes = ((("order", "position"), True),)


class Move(Model):
    order_id: uuid.UUID
    id = BigAutoField()
    order = ForeignKeyField(Order, backref="moves", index=False)
    seq = IntegerField()
    src = TextField(null=True)
    dst = TextField()
    actor = TextField()
    reason = TextField()
    data = JSONField()
    xid = TransactionIdField()
    at = TimeField()

    class Meta:
        table_name = "moves"
        indexes = ((("order", "seq"), True),)


@dataclass(frozen=True)
class NewLine:
    product: Product
    quantity: int


def place_order(
    lines: Sequence[NewLine],
    *,
    email: str,
    pay_currency: str,
    idempotency_key: str | None = None,
    idempotency_digest: str | None = None,
) -> tuple[Order, bool]:
    """Writes the order with its lines and first move; (order, True), or (the earlier one, False) for a used key.

    The caller compares `idempotency_digest` of an earlier order with its own. Raises ValueError for mixed currencies.
    """
    currencies = {line.product.currency for line in lines}
    if len(currencies) != 1:
        raise ValueError("an order has one currency")
    price = sum((line.product.price * line.quantity for line in lines), Decimal(0))
    at = now()
    with transaction():
        order_id = (
            Order.insert(
                created_at=at,
                email=email,
                price=price,
                currency=currencies.pop(),
                pay_currency=pay_currency,
                idempotency_key=idempotency_key,
                idempotency_digest=idempotency_digest,
            )
            .on_conflict_ignore()
            .execute()
        )
        if order_id is None:
            return Order.get(Order.idempotency_key == idempotency_key), False
        Line.insert_many(
            [_line_row(order_id, at, position, line) for position, line in enumerate(lines, 1)]
        ).execute()
        first: dict[str, Any] = {
            "src": None,
            "dst": str(OrderState.CREATED),
            "actor": "buyer",
            "reason": "",
            "data": {},
        }
        Move.insert(order=order_id, seq=1, at=at, **first).execute()
    return Order.get_by_id(order_id), True


def order_with_items(order_id: str | uuid.UUID) -> tuple[Order | None, list[tuple[str, int]]]:
    """The order, and (name, quantity) of each line in the order in which they were asked for, by one read."""
    found = rows(
        f"SELECT l.name, l.quantity, {Order.columns('t')} FROM orders t JOIN lines l ON l.order_id = t.id"  # noqa: S608
        " WHERE t.id = %s ORDER BY l.position",
        as_uuid(order_id),
    )
    items = [(str(name), int(quantity)) for name, quantity, *_ in found]
    return (Order.from_row(found[0][2:]) if found else None), items


def lines_of(order: Order) -> list[Line]:
    """In the order in which they were asked for."""
    return Line.load("WHERE t.order_id = %s ORDER BY t.position", order.id)


def _line_row(order_id: uuid.UUID, at: datetime, position: int, line: NewLine) -> dict[str, Any]:
    product = line.product
    return {
        "order": order_id,
        "position": position,
        "product": product.id,
        "name": product.name,
        "quantity": line.quantity,
        "unit_price": product.price,
        "supplier": product.supplier,
        "supplier_ref": product.supplier_ref,
        "max_cost": product.max_cost,
        "cost_currency": product.cost_currency,
        "text_only": product.text_only,
        "ordered_at": at,
    }


def due_seconds(state: OrderState) -> float | None:
    """After how long sweep looks at an order that just came to `state`; None where nothing of ours is due."""
    return base.grace if state in ACTIVE else None


def claim_due(state: OrderState, limit: int, again: float, backlog: float = 0.0) -> list[uuid.UUID]:
    """Takes up to `limit` orders of one state that stood still too long, the longest waiting first.

    Nobody else gets them for `again` seconds. What was sent less than `backlog` seconds ago still waits in its queue
    and is left there; what was sent is due again `again` seconds later. `due_at` is the cursor: what was taken goes to
    the end of the queue, so that orders whose step fails each time starve nobody. An order that somebody holds locked
    is passed over and stays due: nothing found does not mean that nothing is due (`still_due`). By `ANY(ARRAY(…))`,
    here and in all claims, since of `IN (… LIMIT n FOR UPDATE SKIP LOCKED)` a nested loop would ask again and take n
    more each time.
    """
    found = rows(
        "UPDATE orders SET due_at = clock_timestamp() + %s * interval '1 second' WHERE id = ANY(ARRAY("
        " SELECT id FROM orders WHERE state = %s AND due_at <= now() - %s * interval '1 second'"
        " ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED)) RETURNING id",
        *(again, str(state), max(backlog - again, 0.0), limit),
    )
    return [uuid.UUID(str(order_id)) for (order_id,) in found]


def still_due() -> int:
    """How many orders are due at this moment, locked ones included."""
    states = [str(state) for state in ACTIVE]
    return int(rows("SELECT count(*) FROM orders WHERE state = ANY(%s) AND due_at <= now()", states)[0][0])
