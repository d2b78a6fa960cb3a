"""The purchase ledger: intent first, one live purchase per line, doubt as a state of its own."""

from __future__ import annotations

import uuid
from typing import Any

from peewee import (
    BigAutoField,
    BooleanField,
    DecimalField,
    ForeignKeyField,
    IntegerField,
    TextField,
    UUIDField,
)

from bitloot.states import PurchaseState, check_purchase_move
from db.base import Model, now, rows
from db.fields import StateField, TimeField
from db.orders import Line, Order

__all__ = ["Purchase", "PurchaseMove", "intend", "purchases_of"]


class Purchase(Model):
    order_id: uuid.UUID
    line_id: uuid.UUID
    id = UUIDField(primary_key=True, default=uuid.uuid4)
    order = ForeignKeyField(Order, backref="purchases", index=False)
    line = ForeignKeyField(Line, backref="purchases", index=False)
    generation = IntegerField(default=1)
    supplier = TextField()
    purchase_ref = TextField(unique=True)
    supplier_ref = TextField(null=True)
    state = StateField(PurchaseState, default=PurchaseState.INTENT)
    attempt = IntegerField(default=0)
    lease_until = TimeField(null=True)
    looks = IntegerField(default=0)
    look_at = TimeField(null=True)
    product_ref = TextField()
    quantity = IntegerField()
    max_price = DecimalField(max_digits=12, decimal_places=2)
    currency = TextField()
    text_only = BooleanField()
    supplier_status = TextField(null=True)
    keys_expected = IntegerField()
    keys_stored = IntegerField(default=0)
    error = TextField(null=True)
    created_at = TimeField(default=now)
    moved_at = TimeField(default=now)

    class Meta:
        table_name = "purchases"
        indexes = ((("line", "generation"), True), (("supplier", "supplier_ref"), True))

    def advance(self, dst: PurchaseState, *, note: str = "", **changes: Any) -> bool:
        """Moves the purchase if state and attempt still are as in this copy; whether we won. One commit with its row.

        Raises ValueError for a move that no purchase may make.
        """
        check_purchase_move(self.state, dst)
        if not self._move(dst, note, "", changes):
            return False
        for name, value in changes.items():
            setattr(self, name, value)
        self.state = dst
        return True

    def start_call(self, dst: PurchaseState, lease: float) -> bool:
        """Takes the right to make one money call (sending, committing) for `lease` seconds; whether we got it.

        The attempt goes up by one: an answer to an older call no longer moves anything.
        """
        check_purchase_move(self.state, dst)
        raised = "attempt = attempt + 1, lease_until = now() + %s * interval '1 second', "
        if not self._move(dst, f"attempt {self.attempt + 1}", raised, {}, lease):
            return False
        self.state, self.attempt = dst, self.attempt + 1
        return True

    def _move(self, dst: PurchaseState, note: str, extra: str, changes: dict[str, Any], *values: Any) -> bool:
        columns = "".join(f"{Purchase._meta.fields[name].column_name} = %s, " for name in changes)
        won = rows(
            f"WITH moved AS (UPDATE purchases SET {extra}{columns}state = %s, moved_at = now()"  # noqa: S608
            " WHERE id = %s AND state = %s AND attempt = %s RETURNING id, attempt)"
            " INSERT INTO purchase_moves (purchase_id, src, dst, attempt, note, at)"
            " SELECT id, %s, %s, attempt, %s, clock_timestamp() FROM moved RETURNING id",
            *(*values, *changes.values(), str(dst), self.id, str(self.state), self.attempt),
            *(str(self.state), str(dst), note),
        )
        return bool(won)

    def note_status(self, status: str) -> None:
        """Remembers the supplier's word for where it stands."""
        rows("UPDATE purchases SET supplier_status = %s WHERE id = %s RETURNING id", *(status, self.id))
        self.supplier_status = status

    def climb(self, rungs: tuple[float, ...]) -> bool:
        """Sets the next look at the supplier by the search ladder (seconds each); False if it is climbed."""
        if self.looks >= len(rungs):
            return False
        rows(
            "UPDATE purchases SET looks = looks + 1, look_at = now() + %s * interval '1 second'"
            " WHERE id = %s AND looks = %s RETURNING id",
            *(rungs[self.looks], self.id, self.looks),
        )
        return True

    def is_due(self, column: str) -> bool:
        """Whether the time in `column` (lease_until, look_at) is over, by the database's clock."""
        if column not in {"lease_until", "look_at"}:
            raise ValueError(column)
        return bool(
            rows(f"SELECT coalesce({column} <= now(), true) FROM purchases WHERE id = %s", self.id)[0][0]  # noqa: S608
        )


class PurchaseMove(Model):
    id = BigAutoField()
    purchase = ForeignKeyField(Purchase, backref="history", index=False)
    src = TextField(null=True)
    dst = TextField()
    attempt = IntegerField()
    note = TextField()
    at = TimeField()

    class Meta:
        table_name = "purchase_moves"


def intend(order: Order) -> list[Purchase]:
    """Writes down what is about to be bought: one purchase per line that has no live one. Returns all of them."""
    rows(
        "WITH fresh AS (INSERT INTO purchases (id, order_id, line_id, generation, supplier, purchase_ref, state,"
        " attempt, looks, product_ref, quantity, max_price, currency, text_only, keys_expected, keys_stored,"
        " created_at, moved_at)"
        " SELECT gen_random_uuid(), l.order_id, l.id, g.n, l.supplier,"
        " 'BL-' || replace(l.id::text, '-', '') || CASE WHEN g.n = 1 THEN '' ELSE '-' || g.n END,"
        " 'intent', 0, 0, l.supplier_ref, l.quantity, l.max_cost, l.cost_currency, l.text_only, l.quantity, 0,"
        " now(), now() FROM lines l CROSS JOIN LATERAL"
        " (SELECT coalesce(max(generation), 0) + 1 AS n FROM purchases p WHERE p.line_id = l.id) g"
        " WHERE l.order_id = %s AND NOT EXISTS"
        " (SELECT 1 FROM purchases p WHERE p.line_id = l.id AND p.state <> 'failed')"
        " ON CONFLICT DO NOTHING RETURNING id)"
        " INSERT INTO purchase_moves (purchase_id, dst, attempt, note, at)"
        " SELECT id, 'intent', 0, '', clock_timestamp() FROM fresh RETURNING id",
        order.id,
    )
    return purchases_of(order)


def purchases_of(order: Order) -> list[Purchase]:
    """The newest purchase of each line, in the order of the lines."""
    found = Purchase.load(
        "JOIN lines l ON l.id = t.line_id WHERE t.order_id = %s ORDER BY l.position, t.generation", order.id
    )
    newest = {purchase.line_id: purchase for purchase in found}
    return list(newest.values())
