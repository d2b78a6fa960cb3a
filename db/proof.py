"""Everything that is written down about one order, for a proof. No sealed body, letter or wrapped key is read."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from db.day import named_rows
from db.order_facts import OrderFacts, order_facts
from db.times import Times, order_times

__all__ = [
    "AccessSeen",
    "CaseSeen",
    "JobSeen",
    "KeySeen",
    "LetterSeen",
    "NoticeSeen",
    "OrderProof",
    "PurchaseSeen",
    "StepSeen",
    "order_proof",
]

#: Rows of each kind that are read at most; an order with more says so.
MOST = 500

#: Dead jobs of the order itself, and of its purchases.
JOBS = "order_id = %(id)s OR subject_id IN (SELECT id::text FROM purchases WHERE order_id = %(id)s)"

T = TypeVar("T")


@dataclass(frozen=True)
class NoticeSeen:
    """An IPN or webhook; `says` is a supplier's word in it. How the sender proved itself is `proof`."""

    id: uuid.UUID
    source: str
    event: str
    says: str | None
    external_id: str | None
    proof: str
    outcome: str
    repeats: int
    replays: int
    received_at: datetime


@dataclass(frozen=True)
class StepSeen:
    """One row of a purchase's history: a change of state, or, with src equal to dst, something that was asked."""

    id: int
    purchase_id: uuid.UUID
    src: str | None
    dst: str
    attempt: int
    note: str
    at: datetime


@dataclass(frozen=True)
class PurchaseSeen:
    id: uuid.UUID
    line_id: uuid.UUID
    generation: int
    supplier: str
    purchase_ref: str
    supplier_ref: str | None
    state: str
    attempt: int
    looks: int
    product_ref: str
    quantity: int
    max_price: Decimal
    currency: str
    supplier_status: str | None
    keys_expected: int
    keys_stored: int
    error: str | None
    created_at: datetime


@dataclass(frozen=True)
class KeySeen:
    """A key by its keyed fingerprint and the SHA-256 of its sealed bytes; never its text."""

    id: uuid.UUID
    line_id: uuid.UUID
    purchase_id: uuid.UUID
    media_type: str
    object_name: str
    object_digest: str
    fingerprint: str
    stored_at: datetime


@dataclass(frozen=True)
class LetterSeen:
    id: uuid.UUID
    kind: str
    generation: int
    state: str
    attempts: int
    provider: str | None
    provider_id: str | None
    error: str | None
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True)
class AccessSeen:
    id: int
    action: str
    actor: str
    outcome: str
    at: datetime


@dataclass(frozen=True)
class CaseSeen:
    id: uuid.UUID
    kind: str
    subject: str
    state: str
    figures: dict[str, Any]
    opened_at: datetime
    resolution: str | None
    resolved_by: str | None


@dataclass(frozen=True)
class JobSeen:
    id: uuid.UUID
    actor: str
    attempts: int
    error_class: str
    error: str
    state: str
    failed_at: datetime


@dataclass(frozen=True)
class OrderProof:
    """All lists oldest first; purchases by line and generation."""

    facts: OrderFacts
    notices: Sequence[NoticeSeen]
    purchases: Sequence[PurchaseSeen]
    steps: Sequence[StepSeen]
    keys: Sequence[KeySeen]
    letters: Sequence[LetterSeen]
    accesses: Sequence[AccessSeen]
    cases: Sequence[CaseSeen]
    jobs: Sequence[JobSeen]
    times: Times | None

    @property
    def cut(self) -> list[str]:
        """Kinds of which only the first MOST rows were read."""
        names = ("notices", "purchases", "steps", "keys", "letters", "accesses", "cases", "jobs")
        return [name for name in names if len(getattr(self, name)) >= MOST]

    def steps_of(self, purchase: PurchaseSeen) -> list[StepSeen]:
        return [step for step in self.steps if step.purchase_id == purchase.id]

    def keys_of(self, purchase: PurchaseSeen) -> list[KeySeen]:
        return [key for key in self.keys if key.purchase_id == purchase.id]


def order_proof(order_id: uuid.UUID) -> OrderProof | None:
    """None for an order that is not there."""
    facts = order_facts(order_id)
    if facts is None:
        return None
    of_order = "order_id = %(id)s"
    return OrderProof(
        facts=facts,
        notices=_seen(NoticeSeen, "notices", of_order, order_id, "received_at, id"),
        purchases=_seen(
            PurchaseSeen,
            "(SELECT p.*, l.position FROM purchases p JOIN lines l ON l.id = p.line_id) p",
            of_order,
            order_id,
            "position, generation",
        ),
        steps=_seen(
            StepSeen,
            "purchase_moves",
            "purchase_id IN (SELECT id FROM purchases WHERE order_id = %(id)s)",
            order_id,
            "purchase_id, id",
        ),
        keys=_seen(KeySeen, "keys", of_order, order_id, "stored_at, id"),
        letters=_seen(LetterSeen, "letters", of_order, order_id, "created_at, id"),
        accesses=_seen(AccessSeen, "access_records", of_order, order_id, "id"),
        cases=_seen(CaseSeen, "cases", of_order, order_id, "opened_at, id"),
        jobs=_seen(JobSeen, "jobs", JOBS, order_id, "failed_at, id"),
        times=order_times(order_id),
    )


def _seen(shape: type[T], source: str, where: str, order_id: uuid.UUID, order: str) -> list[T]:
    """Rows as `shape`, whose fields are the columns that are read."""
    fields: dict[str, Any] = shape.__dataclass_fields__  # type: ignore[attr-defined]
    found = named_rows(
        f"SELECT {', '.join(fields)} FROM {source} WHERE {where} ORDER BY {order} LIMIT {MOST}",  # noqa: S608
        id=order_id,
    )
    ids = [number for number, field in enumerate(fields.values()) if "UUID" in str(field.type)]
    return [shape(*_as_uuids(row, ids)) for row in found]


def _as_uuids(row: tuple[Any, ...], ids: Sequence[int]) -> list[Any]:
    """psycopg2 gives uuids as text unless told otherwise."""
    return [
        uuid.UUID(str(value)) if place in ids and value is not None else value
        for place, value in enumerate(row)
    ]
