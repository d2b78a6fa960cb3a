"""Purchases as admins look for them; operators call them reservations."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from db.base import rows
from db.lists import Listing, Sort, maker

__all__ = ["PURCHASES", "PurchaseFacts", "PurchaseStep", "purchase_steps", "purchases_by_reference"]


@dataclass(frozen=True)
class PurchaseFacts:
    id: uuid.UUID
    order_id: uuid.UUID
    line_id: uuid.UUID
    name: str
    generation: int
    supplier: str
    purchase_ref: str
    supplier_ref: str | None
    state: str
    attempt: int
    product_ref: str
    quantity: int
    max_price: Decimal
    currency: str
    supplier_status: str | None
    keys_expected: int
    keys_stored: int
    error: str | None
    created_at: datetime
    moved_at: datetime


@dataclass(frozen=True)
class PurchaseStep:
    """One move of a purchase; `attempt` counts calls that may have spent money."""

    src: str | None
    dst: str
    attempt: int
    note: str
    at: datetime


PURCHASES = Listing(
    name="reservations",
    table="purchases p",
    columns=(
        "p.id, p.order_id, p.line_id, l.name, p.generation, p.supplier, p.purchase_ref, p.supplier_ref, p.state,"
        " p.attempt, p.product_ref, p.quantity, p.max_price, p.currency, p.supplier_status, p.keys_expected,"
        " p.keys_stored, p.error, p.created_at, p.moved_at"
    ),
    joins="JOIN lines l ON l.id = p.line_id",
    filters={
        "state": "p.state = %s",
        "supplier": "p.supplier = %s",
        "order_id": "p.order_id = %s",
        "reference": "p.supplier_ref = %s OR p.purchase_ref = %s",
        "product_ref": "p.product_ref = %s",
        "supplier_status": "p.supplier_status = %s",
        "error": "p.error = %s",
        "since": "p.created_at >= %s",
        "until": "p.created_at < %s",
    },
    sorts={"created_at": Sort("created_at")},
    usual="-created_at",
    make=maker(PurchaseFacts),
)


def purchases_by_reference(reference: str) -> list[PurchaseFacts]:
    """Those that the supplier or we call by `reference`, oldest first."""
    return PURCHASES.batch({"reference": reference}, sort="created_at", limit=20)[0]


def purchase_steps(purchase_id: uuid.UUID) -> list[PurchaseStep]:
    """Oldest first."""
    found = rows(
        "SELECT src, dst, attempt, note, at FROM purchase_moves WHERE purchase_id = %s ORDER BY id",
        purchase_id,
    )
    return [PurchaseStep(*row) for row in found]
