"""Lists for admins: one count and one page each. No sealed body and no wrapped key is read here."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from db.base import rows

__all__ = [
    "AccessFacts",
    "Listed",
    "NoticeFacts",
    "PurchaseFacts",
    "list_accesses",
    "list_notices",
    "list_purchases",
    "notice_facts",
    "pick_notices",
    "purchases_by_reference",
]

T = TypeVar("T")


@dataclass(frozen=True)
class Listed(Generic[T]):
    """One page, and how many there are in all."""

    rows: Sequence[T]
    total: int


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
class NoticeFacts:
    id: uuid.UUID
    source: str
    event: str
    external_id: str | None
    order_id: uuid.UUID | None
    digest: str
    proof: str
    outcome: str
    size: int
    address: str
    repeats: int
    replays: int
    received_at: datetime
    seen_at: datetime
    verdict: str
    took_ms: float | None
    told_at: datetime | None
    expunged_at: datetime | None


@dataclass(frozen=True)
class AccessFacts:
    id: int
    order_id: uuid.UUID | None
    action: str
    actor: str
    outcome: str
    address: str
    user_agent: str
    details: dict[str, Any]
    at: datetime
    seq: int | None


PURCHASE_COLUMNS = (
    "p.id, p.order_id, p.line_id, l.name, p.generation, p.supplier, p.purchase_ref, p.supplier_ref, p.state, p.attempt,"
    " p.product_ref, p.quantity, p.max_price, p.currency, p.supplier_status, p.keys_expected, p.keys_stored, p.error,"
    " p.created_at, p.moved_at"
)
NOTICE_COLUMNS = (
    "n.id, n.source, n.event, n.external_id, n.order_id, n.digest, n.proof, n.outcome, n.size, n.address, n.repeats,"
    " n.replays, n.received_at, n.seen_at, n.verdict, n.took_ms, n.told_at, n.expunged_at"
)
ACCESS_COLUMNS = (
    "a.id, a.order_id, a.action, a.actor, a.outcome, a.address, a.user_agent, a.details, a.at, a.seq"
)

PURCHASES = "purchases p JOIN lines l ON l.id = p.line_id"

#: What each filter compares; a filter that is None does not count.
PURCHASE_FILTERS = {
    "state": "p.state = %s",
    "supplier": "p.supplier = %s",
    "order_id": "p.order_id = %s",
    "reference": "%s IN (p.supplier_ref, p.purchase_ref)",
    "since": "p.created_at >= %s",
    "until": "p.created_at < %s",
}
NOTICE_FILTERS = {
    "source": "n.source = %s",
    "event": "n.event = %s",
    "verdict": "n.verdict = %s",
    "outcome": "n.outcome = %s",
    "order_id": "n.order_id = %s",
    "external_id": "n.external_id = %s",
    "since": "n.received_at >= %s",
    "until": "n.received_at < %s",
}
ACCESS_FILTERS = {"order_id": "a.order_id = %s", "action": "a.action = %s", "outcome": "a.outcome = %s"}


def list_purchases(filters: Mapping[str, Any], *, page: int, limit: int) -> Listed[PurchaseFacts]:
    """Newest first. Filters as in PURCHASE_FILTERS."""
    where, values = _where(PURCHASE_FILTERS, filters)
    total = _count(PURCHASES, where, values)
    found = _page(PURCHASE_COLUMNS, PURCHASES, where, values, "p.created_at DESC, p.id", page, limit)
    return Listed([_purchase(row) for row in found], total)


def purchases_by_reference(reference: str) -> list[PurchaseFacts]:
    """Those that the supplier or we call by `reference`, oldest first."""
    found = rows(
        f"SELECT {PURCHASE_COLUMNS} FROM {PURCHASES} WHERE p.supplier_ref = %s OR p.purchase_ref = %s"  # noqa: S608
        " ORDER BY p.created_at LIMIT 20",
        *(reference, reference),
    )
    return [_purchase(row) for row in found]


def list_notices(filters: Mapping[str, Any], *, page: int, limit: int) -> Listed[NoticeFacts]:
    """Newest first. Filters as in NOTICE_FILTERS."""
    where, values = _where(NOTICE_FILTERS, filters)
    total = _count("notices n", where, values)
    found = _page(NOTICE_COLUMNS, "notices n", where, values, "n.received_at DESC, n.id", page, limit)
    return Listed([_notice(row) for row in found], total)


def pick_notices(filters: Mapping[str, Any], limit: int) -> tuple[int, list[uuid.UUID]]:
    """How many there are, and the first `limit` of them in the order in which they came."""
    where, values = _where(NOTICE_FILTERS, filters)
    found = _page("n.id", "notices n", where, values, "n.received_at, n.id", 1, limit)
    return _count("notices n", where, values), [uuid.UUID(str(row[0])) for row in found]


def notice_facts(notice_id: uuid.UUID) -> NoticeFacts | None:
    found = rows(f"SELECT {NOTICE_COLUMNS} FROM notices n WHERE n.id = %s", notice_id)  # noqa: S608
    return _notice(found[0]) if found else None


def list_accesses(filters: Mapping[str, Any], *, page: int, limit: int) -> Listed[AccessFacts]:
    """Oldest first, as they happened. Filters as in ACCESS_FILTERS."""
    where, values = _where(ACCESS_FILTERS, filters)
    total = _count("access_records a", where, values)
    found = _page(ACCESS_COLUMNS, "access_records a", where, values, "a.id", page, limit)
    return Listed([AccessFacts(row[0], _uuid(row[1]), *row[2:]) for row in found], total)


def _where(known: Mapping[str, str], filters: Mapping[str, Any]) -> tuple[str, list[Any]]:
    chosen = {name: value for name, value in filters.items() if value is not None}
    return " AND ".join(known[name] for name in chosen) or "true", list(chosen.values())


def _count(source: str, where: str, values: Sequence[Any]) -> int:
    return int(rows(f"SELECT count(*) FROM {source} WHERE {where}", *values)[0][0])  # noqa: S608


def _page(
    columns: str, source: str, where: str, values: Sequence[Any], order: str, page: int, limit: int
) -> list[tuple[Any, ...]]:
    return rows(
        f"SELECT {columns} FROM {source} WHERE {where} ORDER BY {order} LIMIT %s OFFSET %s",  # noqa: S608
        *(*values, limit, (page - 1) * limit),
    )


def _uuid(value: Any) -> uuid.UUID | None:
    """psycopg2 gives uuids as text unless told otherwise."""
    return None if value is None else uuid.UUID(str(value))


def _purchase(row: tuple[Any, ...]) -> PurchaseFacts:
    ids: tuple[Any, ...] = tuple(_uuid(value) for value in row[:3])
    return PurchaseFacts(*ids, *row[3:])


def _notice(row: tuple[Any, ...]) -> NoticeFacts:
    values: tuple[Any, ...] = (_uuid(row[0]), *row[1:4], _uuid(row[4]), *row[5:])
    return NoticeFacts(*values)
