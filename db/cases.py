"""Cases: questions for a person."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from peewee import ForeignKeyField, JSONField, TextField, UUIDField

from db.base import Model, now, rows
from db.fields import TimeField
from db.orders import Order

__all__ = ["Case", "open_case"]


class Case(Model):
    order_id: uuid.UUID
    id = UUIDField(primary_key=True, default=uuid.uuid4)
    order = ForeignKeyField(Order, backref="cases", index=False)
    subject = TextField()
    kind = TextField()
    figures = JSONField()
    state = TextField(default="open")
    opened_at = TimeField(default=now)
    resolved_at = TimeField(null=True)
    resolved_by = TextField(null=True)
    resolution = TextField(null=True)
    reason = TextField(null=True)

    class Meta:
        table_name = "cases"


def open_case(order_id: uuid.UUID, subject: uuid.UUID, kind: str, figures: Mapping[str, Any]) -> bool:
    """Asks a person; one open case per order, kind and subject. Whether it is new."""
    return bool(
        rows(
            "INSERT INTO cases (id, order_id, subject, kind, figures, state, opened_at)"
            " VALUES (gen_random_uuid(), %s, %s, %s, %s, 'open', now())"
            " ON CONFLICT (order_id, kind, subject) WHERE state = 'open' DO NOTHING RETURNING id",
            *(order_id, str(subject), kind, json.dumps(dict(figures))),
        )
    )
