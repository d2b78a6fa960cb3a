"""What news leaves behind about an order, row for row, so that two ways of taking it can be compared."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from db import Payment
from db.base import rows

__all__ = ["left_behind"]

#: Each table that news writes to, and in which order an order's rows are told.
TABLES = {
    "orders": "SELECT to_jsonb(t) FROM orders t WHERE id = %s",
    "payments": "SELECT to_jsonb(t) FROM payments t WHERE order_id = %s ORDER BY created_at",
    "moves": "SELECT to_jsonb(t) FROM moves t WHERE order_id = %s ORDER BY seq",
    "cases": "SELECT to_jsonb(t) FROM cases t WHERE order_id = %s",
    "notices": "SELECT to_jsonb(t) FROM notices t WHERE order_id = %s ORDER BY received_at",
}

#: These differ between any two rows.
OWN = {"id", "digest", "xid"}

#: A time that lies ahead is told by its distance from the row's last change.
AHEAD = {"due_at": "moved_at", "poll_at": "updated_at"}

#: The sender's own clock.
SAID = {"told_at"}


def left_behind(*payments: Payment) -> list[dict[str, Any]]:
    """For each of these payments the rows about its order, but for what differs between any two orders."""
    text = json.dumps([_rows_of(payment) for payment in payments])
    for number, payment in enumerate(payments):
        names = {"order": payment.order_id, "payment": payment.id, "ref": payment.gateway_payment_id}
        for name, own in names.items():
            text = text.replace(str(own), f"{name} {number}")
    found: list[dict[str, Any]] = json.loads(text)
    for its_rows in found:
        its_rows["cases"].sort(key=lambda case: (case["kind"], case["subject"]))
    return found


def _rows_of(payment: Payment) -> dict[str, Any]:
    found = {table: rows(sql, str(payment.order_id)) for table, sql in TABLES.items()}
    return {table: [_told(row) for (row,) in its_rows] for table, its_rows in found.items()}


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _timeless(row, name) for name in row if name not in OWN}


def _timeless(row: dict[str, Any], name: str) -> Any:
    """The value; of a time by our clock whether it is there, and how far ahead or whether it changed."""
    value = row[name]
    if value is None or name in SAID or not (name == "at" or name.endswith("_at")):
        return value
    time = datetime.fromisoformat(value)
    if name in AHEAD:
        distance = time - datetime.fromisoformat(row[AHEAD[name]])
        return round(distance.total_seconds() / 20)  # the server's steps take a moment each
    return time > datetime.fromisoformat(row.get("created_at", value))
