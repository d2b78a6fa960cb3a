"""Orders as admins look for them: by any id, by mail, by where they stand and what is in them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from db.lists import Listing, Sort, either, maker, prefix
from db.walks import Walk

__all__ = ["ORDERS", "OrderRow"]


@dataclass(frozen=True)
class OrderRow:
    id: uuid.UUID
    state: str
    email: str
    price: Decimal
    currency: str
    pay_currency: str
    hold: str | None
    items: list[dict[str, Any]]  # {name, quantity}
    payment_state: str | None  # of the newest payment
    gateway_payment_id: str | None
    open_cases: int
    created_at: datetime
    moved_at: datetime


#: The start of an id of ours: as people copy it, with or without hyphens.
_ID = re.compile(r"[0-9a-f]{6,32}")

#: Ids of ours that `q` may begin: (table, what its order is called there).
OWN = (
    ("orders", "id"),
    *((table, "order_id") for table in ("payments", "purchases", "letters", "cases", "notices", "jobs")),
)

#: Whoever else named something that is an order's.
NAMED = (
    ("payments", "gateway_payment_id"),
    ("payments", "pay_address"),
    ("purchases", "purchase_ref"),
    ("purchases", "supplier_ref"),
    ("notices", "external_id"),
)


def _anything(text: str) -> tuple[str, Sequence[Any]]:
    """Orders whose mail begins like `text`, or which it names by an id of ours, whole or its start, or by another's."""
    mail, values = prefix("o.email")(text)  # type: ignore[operator]
    values = list(values)
    parts = []
    digits = text.lower().replace("-", "")
    if _ID.fullmatch(digits):
        for table, order in OWN:
            parts.append(f"SELECT {order} FROM {table} WHERE id BETWEEN %s::uuid AND %s::uuid")  # noqa: S608
            values += [digits.ljust(32, "0"), digits.ljust(32, "f")]
    for table, column in NAMED:
        parts.append(f"SELECT order_id FROM {table} WHERE {column} = %s")  # noqa: S608
        values.append(text)
    return f"{mail} OR o.id = ANY (ARRAY({' UNION ALL '.join(parts)} LIMIT 1000))", values


CASE = "SELECT 1 FROM cases k WHERE k.order_id = o.id AND k.state = 'open'"
LINE = "EXISTS (SELECT 1 FROM lines l WHERE l.order_id = o.id AND {column} = %s)"


def _walk(table: str, **asked: str) -> Walk:
    """Lines and cases keep their order's time, which never changes."""
    alias = table.split()[-1]
    times = {"since": f"{alias}.ordered_at >= %s", "until": f"{alias}.ordered_at < %s"}
    return Walk(table, f"{alias}.ordered_at", f"{alias}.order_id", asked | times)


ORDERS = Listing(
    name="orders",
    table="orders o",
    columns=(
        "o.id, o.state, o.email, o.price, o.currency, o.pay_currency, o.hold, items.told, p.state,"
        " p.gateway_payment_id, asked.count, o.created_at, o.moved_at"
    ),
    joins=(
        "CROSS JOIN LATERAL (SELECT coalesce(jsonb_agg(jsonb_build_object('name', name, 'quantity', quantity)"
        " ORDER BY position), '[]') AS told FROM lines WHERE order_id = o.id) items"
        " LEFT JOIN LATERAL (SELECT state, gateway_payment_id FROM payments WHERE order_id = o.id"
        " ORDER BY created_at DESC LIMIT 1) p ON true"
        " CROSS JOIN LATERAL (SELECT count(*) FROM cases WHERE order_id = o.id AND state = 'open') asked"
    ),
    filters={
        "q": _anything,
        "state": "o.state = %s",
        "email": "lower(o.email) = lower(%s)",
        "currency": "o.currency = lower(%s)",
        "pay_currency": "o.pay_currency = lower(%s)",
        "product_id": LINE.format(column="l.product_id"),
        "supplier": LINE.format(column="l.supplier"),
        "gateway": "EXISTS (SELECT 1 FROM payments y WHERE y.order_id = o.id AND y.gateway = %s)",
        "held": either("o.hold IS NOT NULL", "o.hold IS NULL"),
        "hold": "o.hold = %s",
        "open_case": either(f"EXISTS ({CASE})", f"NOT EXISTS ({CASE})"),
        "case_kind": f"EXISTS ({CASE} AND k.kind = %s)",
        "price_from": "o.price >= %s",
        "price_to": "o.price <= %s",
        "since": "o.created_at >= %s",
        "until": "o.created_at < %s",
    },
    sorts={"created_at": Sort("created_at")},
    usual="-created_at",
    make=maker(OrderRow),
    elsewhere=frozenset({"product_id", "supplier", "gateway"}),
    walks={
        "case_kind": _walk("cases k", case_kind="k.state = 'open' AND k.kind = %s"),
        "product_id": _walk("lines l", product_id="l.product_id = %s"),
        "supplier": _walk("lines l", supplier="l.supplier = %s"),
        "open_case": _walk("cases k", open_case="k.state = 'open'"),
    },
)
