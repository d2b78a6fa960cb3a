"""Products as admins look for them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from db.lists import Listing, Sort, either, maker

__all__ = ["PRODUCTS", "ProductFacts"]


@dataclass(frozen=True)
class ProductFacts:
    id: uuid.UUID
    sku: str
    name: str
    price: Decimal
    currency: str
    supplier: str
    supplier_ref: str
    max_cost: Decimal
    cost_currency: str
    text_only: bool
    active: bool
    created_at: datetime


PRODUCTS = Listing(
    name="products",
    table="products d",
    columns=(
        "d.id, d.sku, d.name, d.price, d.currency, d.supplier, d.supplier_ref, d.max_cost, d.cost_currency,"
        " d.text_only, d.active, d.created_at"
    ),
    filters={
        "q": "position(lower(%s) IN lower(d.name)) > 0 OR d.sku = %s OR d.supplier_ref = %s",
        "sku": "d.sku = %s",
        "supplier": "d.supplier = %s",
        "supplier_ref": "d.supplier_ref = %s",
        "currency": "d.currency = lower(%s)",
        "active": either("d.active", "NOT d.active"),
    },
    sorts={"name": Sort("name", "text"), "sku": Sort("sku", "text"), "created_at": Sort("created_at")},
    usual="name",
    make=maker(ProductFacts),
)
