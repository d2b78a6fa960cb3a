"""What the shop sells, and where each product is bought."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from peewee import BooleanField, DecimalField, TextField, UUIDField

from db.base import Model, now, transaction
from db.fields import TimeField

__all__ = ["Product", "active_products", "put_products"]


class Product(Model):
    id = UUIDField(primary_key=True, default=uuid.uuid4)
    sku = TextField(unique=True)
    name = TextField()
    price = DecimalField(max_digits=12, decimal_places=2)
    currency = TextField()
    supplier = TextField()
    supplier_ref = TextField()
    max_cost = DecimalField(max_digits=12, decimal_places=2)
    cost_currency = TextField()
    text_only = BooleanField(default=True)
    active = BooleanField(default=True)
    created_at = TimeField(default=now)

    class Meta:
        table_name = "products"


def put_products(items: Iterable[Mapping[str, Any]]) -> int:
    """Adds products, or changes those whose sku is known; all or none. Returns how many."""
    count = 0
    keep = (field for name, field in Product._meta.fields.items() if name not in {"id", "sku", "created_at"})
    fields = list(keep)
    with transaction():
        for item in items:
            Product.insert(**item).on_conflict(conflict_target=[Product.sku], preserve=fields).execute()
            count += 1
    return count


def active_products(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Product]:
    """The sellable products among `ids`."""
    query = Product.select().where(Product.id.in_(list(ids)), Product.active)
    return {product.id: product for product in query}
