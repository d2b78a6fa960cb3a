"""Keys: where each sealed code lies, and that it is there once."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from peewee import ForeignKeyField, TextField, UUIDField

from bitloot.states import OrderState, PurchaseState
from db.base import Model, now, rows
from db.fields import TimeField
from db.orders import Line, Order, due_seconds
from db.purchases import Purchase

__all__ = [
    "Kept",
    "Key",
    "StoredKey",
    "key_id",
    "key_label",
    "keys_of",
    "object_name",
    "order_context",
    "store_keys",
]


class Key(Model):
    order_id: uuid.UUID
    line_id: uuid.UUID
    purchase_id: uuid.UUID
    number: int  # among the keys of its line, from 1, as `keys_of` counts
    id = UUIDField(primary_key=True)
    order = ForeignKeyField(Order, backref="keys", index=False)
    line = ForeignKeyField(Line, backref="keys", index=False)
    purchase = ForeignKeyField(Purchase, backref="keys", index=False)
    supplier = TextField()
    supplier_key_id = TextField()
    media_type = TextField()
    object_name = TextField(unique=True)
    object_digest = TextField()
    fingerprint = TextField()
    stored_at = TimeField(default=now)

    class Meta:
        table_name = "keys"
        indexes = ((("supplier", "supplier_key_id"), True),)


@dataclass(frozen=True)
class StoredKey:
    """One key that lies in the store by now."""

    id: uuid.UUID
    supplier_key_id: str
    media_type: str
    object_name: str
    object_digest: str
    fingerprint: str


def key_id(purchase: Purchase, supplier_key_id: str) -> uuid.UUID:
    """The same key read twice gets the same id, so that two runs meet at one object."""
    return uuid.uuid5(purchase.id, supplier_key_id)


def order_context(order_id: uuid.UUID) -> str:
    """What an order's data key is bound to."""
    return f"order:{order_id}"


def key_label(line_id: uuid.UUID, key: uuid.UUID) -> str:
    """What a sealed key is bound to beside its order."""
    return f"line:{line_id}/key:{key}"


def object_name(order_id: uuid.UUID, key: uuid.UUID) -> str:
    return f"orders/{order_id}/{key}.sealed"


def keys_of(order_id: uuid.UUID) -> list[Key]:
    """An order's keys, in the order of its lines, numbered within each. One that comes later has a higher number."""
    query = Key.select(Key, Line).join(Line).where(Key.order == order_id)
    found, numbers = list(query.order_by(Line.position, Key.stored_at, Key.id)), Counter[uuid.UUID]()
    for key in found:
        numbers[key.line_id] += 1
        key.number = numbers[key.line_id]
    return found


def ids_of(purchase: Purchase) -> set[str]:
    """The supplier's ids of the keys that a purchase has already."""
    found = rows(
        "SELECT supplier_key_id FROM keys WHERE order_id = %s AND purchase_id = %s",
        *(purchase.order_id, purchase.id),
    )
    return {row[0] for row in found}


@dataclass(frozen=True)
class Kept:
    """What keeping keys did."""

    fulfilled: bool  # the order came to `fulfilled` by this
    taken: int  # keys whose supplier's id another purchase has: the supplier gave one key twice
    twin: uuid.UUID | None  # an order that holds one of these codes under another key; it may be this one


def store_keys(order: Order, purchase: Purchase, stored: Sequence[StoredKey], *, actor: str) -> Kept:
    """One commit: the keys, what it means for their purchase, and, when all lines have theirs, for the order.

    Keys whose right was withdrawn while they were on their way do not count: their objects are doomed instead.
    """
    told = json.dumps([{**vars(item), "id": str(item.id)} for item in stored])
    state, count, fulfilled, taken, twin = rows(
        "SELECT o_state, o_keys, o_fulfilled, o_taken, o_twin FROM keep_keys(%s, %s, %s, %s, %s)",
        *(order.id, purchase.id, actor, told, due_seconds(OrderState.FULFILLED)),
    )[0]
    purchase.state, purchase.keys_stored = PurchaseState(state), count
    if fulfilled:
        order.state = OrderState.FULFILLED
    return Kept(fulfilled, taken, uuid.UUID(str(twin)) if twin else None)
