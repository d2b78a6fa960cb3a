"""Cases: questions for a person."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import ForeignKeyField, JSONField, TextField, UUIDField

from bitloot.case_moves import HOLDING
from bitloot.states import OrderState
from db.base import Model, now, rows
from db.fields import TimeField
from db.lists import Listing, Sort
from db.orders import Order

__all__ = ["CASES", "Case", "CaseFacts", "case_facts", "end_cases", "holding_case", "open_case"]


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
    basis = JSONField(null=True)
    ordered_at = TimeField()  # the order's created_at, for lists

    class Meta:
        table_name = "cases"


@dataclass(frozen=True)
class CaseFacts:
    """A case, and where its order stands now."""

    id: uuid.UUID
    order_id: uuid.UUID
    order_state: OrderState
    subject: str
    kind: str
    figures: dict[str, Any]
    state: str
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    resolution: str | None
    reason: str | None
    basis: dict[str, Any] | None


def _facts(row: tuple[Any, ...]) -> CaseFacts:
    ids: tuple[Any, ...] = (uuid.UUID(str(row[0])), uuid.UUID(str(row[1])), OrderState(row[2]))
    return CaseFacts(*ids, *row[3:])


CASES = Listing(
    name="cases",
    table="cases c",
    columns=(
        "c.id, c.order_id, o.state, c.subject, c.kind, c.figures, c.state, c.opened_at, c.resolved_at, c.resolved_by,"
        " c.resolution, c.reason, c.basis"
    ),
    joins="JOIN orders o ON o.id = c.order_id",
    filters={
        "kind": "c.kind = %s",
        "state": "c.state = %s",
        "order_id": "c.order_id = %s",
        "subject": "c.subject = %s",
        "resolution": "c.resolution = %s",
        "resolved_by": "c.resolved_by = %s",
        "since": "c.opened_at >= %s",
        "until": "c.opened_at < %s",
    },
    sorts={"opened_at": Sort("opened_at")},
    usual="-opened_at",
    make=_facts,
)


def open_case(order_id: uuid.UUID, subject: uuid.UUID | str, kind: str, figures: Mapping[str, Any]) -> bool:
    """Asks a person; one open case per order, kind and subject. Whether it is new."""
    return bool(
        rows(
            "INSERT INTO cases (id, order_id, subject, kind, figures, state, opened_at)"
            " VALUES (gen_random_uuid(), %s, %s, %s, %s, 'open', now())"
            " ON CONFLICT (order_id, kind, subject) WHERE state = 'open' DO NOTHING RETURNING id",
            *(order_id, str(subject), kind, json.dumps(dict(figures))),
        )
    )


_END = (
    "UPDATE cases SET state = 'resolved', resolution = 'ended', resolved_by = %s, reason = %s,"
    " resolved_at = clock_timestamp() WHERE state = 'open' AND"
)


def end_cases(order_id: uuid.UUID, kind: str, *, who: str, reason: str) -> int:
    """Closes what has answered itself; how many."""
    return len(rows(f"{_END} order_id = %s AND kind = %s RETURNING id", who, reason, order_id, kind))


def end_these(case_ids: Sequence[uuid.UUID], *, who: str, reason: str) -> None:
    """Closes those of them that are open, and none that were opened since."""
    rows(f"{_END} id = ANY(%s::uuid[]) RETURNING id", who, reason, [str(case_id) for case_id in case_ids])


def holding_case(order_id: uuid.UUID) -> str | None:
    """The kind of an open case of the order that forbids buying; of its payment's alone `db.paying` tells."""
    sql = "SELECT kind FROM cases WHERE order_id = %s AND state = 'open' AND kind = ANY(%s) LIMIT 1"
    found = rows(sql, order_id, sorted(HOLDING))
    return str(found[0][0]) if found else None


def case_facts(case_id: uuid.UUID) -> CaseFacts | None:
    return CASES.one(case_id)
