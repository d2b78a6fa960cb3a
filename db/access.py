"""Access records: who looked at what, or asked for it, and what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from peewee import BigAutoField, ForeignKeyField, JSONField, TextField

from db.base import Model, now
from db.fields import TimeField
from db.orders import Order

__all__ = ["AccessRecord", "record_access"]

#: What a client says of itself is cut to this (characters).
MAX_AGENT = 300


class AccessRecord(Model):
    id = BigAutoField()
    order = ForeignKeyField(Order, null=True, backref="accesses", index=False)
    action = TextField()
    actor = TextField()
    outcome = TextField()
    address = TextField()
    user_agent = TextField()
    details = JSONField()
    at = TimeField(default=now)

    class Meta:
        table_name = "access_records"


def record_access(
    order_id: uuid.UUID | None,
    action: str,
    *,
    actor: str,
    outcome: str,
    address: str,
    user_agent: str,
    details: Mapping[str, Any] | None = None,
) -> int:
    """Writes one access down, before whatever it permits leaves the house; returns the record's id."""
    record = AccessRecord.insert(
        order=order_id,
        action=action,
        actor=actor,
        outcome=outcome,
        address=address,
        user_agent=user_agent[:MAX_AGENT],
        details=dict(details or {}),
    ).execute()
    return int(record)
