"""Keys: where each sealed code lies, and that it is there once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from peewee import ForeignKeyField, TextField, UUIDField

from bitloot.states import OrderState, PurchaseState
from db.base import Model, now, rows, transaction
from db.fields import TimeField
from db.orders import Line, Order
from db.purchases import Purchase, purchases_of

__all__ = ["Key", "StoredKey", "key_id", "key_label", "keys_of", "object_name", "order_context", "store_keys"]


class Key(Model):
    order_id: uuid.UUID
    line_id: uuid.UUID
    purchase_id: uuid.UUID
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


#: Purchases that keys may still be added to.
_OPEN = frozenset({PurchaseState.WAITING, PurchaseState.PARTIAL})


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
    """An order's keys, in the order of its lines."""
    query = Key.select(Key, Line).join(Line).where(Key.order == order_id)
    return list(query.order_by(Line.position, Key.stored_at, Key.id))


def same_key_elsewhere(fingerprint: str, order_id: uuid.UUID) -> uuid.UUID | None:
    """Another order that holds the same code, if any."""
    found = rows(
        "SELECT order_id FROM keys WHERE fingerprint = %s AND order_id <> %s LIMIT 1",
        *(fingerprint, order_id),
    )
    return uuid.UUID(str(found[0][0])) if found else None


def store_keys(order: Order, purchase: Purchase, stored: Sequence[StoredKey], *, actor: str) -> bool:
    """One commit: the keys, what it means for their purchase, and, when all lines have theirs, for the order.

    True if the order came to `fulfilled` by this call.
    """
    with transaction():
        for item in stored:
            _insert(order, purchase, item)
        have = Key.select().where(Key.purchase == purchase.id).count()
        if purchase.state in _OPEN and have >= purchase.keys_expected:
            purchase.advance(PurchaseState.STORED, note=f"{have} keys", keys_stored=have)
        elif purchase.state is PurchaseState.WAITING and have:
            purchase.advance(PurchaseState.PARTIAL, note=f"{have} keys", keys_stored=have)
        if order.state is not OrderState.READY:
            return False
        if any(item.state is not PurchaseState.STORED for item in purchases_of(order)):
            return False
        return order.advance(OrderState.FULFILLED, actor=actor, data={"keys": _count(order)})


def _insert(order: Order, purchase: Purchase, item: StoredKey) -> None:
    Key.insert(
        id=item.id,
        order=order.id,
        line=purchase.line_id,
        purchase=purchase.id,
        supplier=purchase.supplier,
        supplier_key_id=item.supplier_key_id,
        media_type=item.media_type,
        object_name=item.object_name,
        object_digest=item.object_digest,
        fingerprint=item.fingerprint,
    ).on_conflict_ignore().execute()


def _count(order: Order) -> int:
    return int(rows("SELECT count(*) FROM keys WHERE order_id = %s", order.id)[0][0])
