"""A day's purchases beside a supplier's own list: both ways, in the database, so that memory holds one page."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from bitloot.states import PurchaseState, SupplierStatus
from bitloot.suppliers.base import Listed
from db.base import database, rows

__all__ = [
    "BOUGHT",
    "OurPurchase",
    "Sums",
    "keep_listed",
    "listing",
    "named_rows",
    "our_purchases",
    "our_sums",
    "suppliers_of",
    "their_sums",
]

#: Purchases that we believe to be paid for.
BOUGHT = tuple(map(str, (PurchaseState.WAITING, PurchaseState.PARTIAL, PurchaseState.STORED)))

#: Ended over there: the money is back, or was never taken.
ENDED = tuple(map(str, (SupplierStatus.CANCELED, SupplierStatus.REFUNDED, SupplierStatus.FAILED)))

#: After so many seconds without a move, `under way` is no excuse any more.
LATE = 120

#: Rows that are written or read at once.
PAGE = 500


@dataclass(frozen=True)
class Sums:
    """Of one side. `amount` is what the supplier charged there, and the most that we allowed here."""

    orders: int
    keys: int
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class OurPurchase:
    id: uuid.UUID
    order_id: uuid.UUID
    purchase_ref: str
    supplier_ref: str | None
    state: str
    quantity: int
    late: bool  # has not moved for LATE seconds


@contextmanager
def listing() -> Iterator[None]:
    """A table of this connection's own for one supplier's list; gone afterwards."""
    rows(
        "CREATE TEMP TABLE listed (supplier_ref text PRIMARY KEY, purchase_ref text, status text,"
        " created_at timestamptz NOT NULL, total numeric, currency text, quantity integer); SELECT 1"
    )
    try:
        yield
    finally:
        rows("DROP TABLE IF EXISTS listed; SELECT 1")


def keep_listed(page: Sequence[Listed]) -> None:
    """Adds what the supplier listed; an order that it lists twice counts once."""
    for start in range(0, len(page), PAGE):
        _insert(page[start : start + PAGE])


def _insert(page: Sequence[Listed]) -> None:
    values = [
        (
            *(item.supplier_ref, item.purchase_ref, None if item.status is None else str(item.status)),
            *(item.created_at, item.total, item.currency and item.currency.lower(), item.quantity),
        )
        for item in page
    ]
    places = ", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * len(values))
    rows(
        f"INSERT INTO listed VALUES {places} ON CONFLICT DO NOTHING RETURNING 1",  # noqa: S608
        *(value for row in values for value in row),
    )


def their_sums(since: datetime, until: datetime) -> list[Sums]:
    """What the list says was charged in [since, until), by currency."""
    found = named_rows(
        "SELECT count(*), coalesce(sum(quantity), 0), coalesce(sum(total), 0), coalesce(currency, '') FROM listed"
        " WHERE created_at >= %(since)s AND created_at < %(until)s AND (status IS NULL OR status <> ALL(%(ended)s))"
        " GROUP BY 4 ORDER BY 4",
        since=since,
        until=until,
    )
    return [Sums(*row) for row in found]


def our_sums(supplier: str, since: datetime, until: datetime) -> list[Sums]:
    """What we bought by purchases written down in [since, until), by currency; the amount is our cap."""
    found = named_rows(
        "SELECT count(*), coalesce(sum(quantity), 0), coalesce(sum(max_price * quantity), 0), currency FROM purchases"
        " WHERE supplier = %(supplier)s AND created_at >= %(since)s AND created_at < %(until)s"
        " AND state = ANY(%(bought)s) GROUP BY 4 ORDER BY 4",
        supplier=supplier,
        since=since,
        until=until,
    )
    return [Sums(*row) for row in found]


def our_purchases(
    supplier: str, since: datetime, until: datetime, *, unlisted: bool, page: int = PAGE
) -> Iterator[OurPurchase]:
    """Purchases written down in [since, until), oldest first, read by page.

    `unlisted`: those that we think are bought and that the supplier's list lacks; otherwise all with its reference.
    """
    wanted = (
        "p.state = ANY(%(bought)s) AND NOT EXISTS (SELECT FROM listed l WHERE l.supplier_ref = p.supplier_ref)"
        if unlisted
        else "p.supplier_ref IS NOT NULL"
    )
    after: tuple[datetime, str] = (since, "00000000-0000-0000-0000-000000000000")
    while True:
        found = named_rows(
            "SELECT p.id, p.order_id, p.purchase_ref, p.supplier_ref, p.state, p.quantity,"  # noqa: S608
            " p.moved_at <= now() - %(late)s * interval '1 second', p.created_at FROM purchases p"
            " WHERE p.supplier = %(supplier)s AND p.created_at >= %(since)s AND p.created_at < %(until)s"
            f" AND (p.created_at, p.id) > (%(at)s, %(id)s::uuid) AND {wanted}"
            " ORDER BY p.created_at, p.id LIMIT %(page)s",
            supplier=supplier,
            since=since,
            until=until,
            at=after[0],
            id=after[1],
            page=page,
        )
        for purchase_id, order_id, *rest, _ in found:
            yield OurPurchase(uuid.UUID(str(purchase_id)), uuid.UUID(str(order_id)), *rest)
        if len(found) < page:
            return
        after = (found[-1][-1], str(found[-1][0]))


def suppliers_of(since: datetime, until: datetime, known: Sequence[str]) -> dict[str, int]:
    """How many purchases of each supplier that is not among `known` were written down in [since, until)."""
    found = named_rows(
        "SELECT supplier, count(*) FROM purchases WHERE created_at >= %(since)s AND created_at < %(until)s"
        " AND supplier <> ALL(%(known)s) GROUP BY supplier ORDER BY supplier",
        since=since,
        until=until,
        known=list(known),
    )
    return {name: int(count) for name, count in found}


def named_rows(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """Runs a statement whose parameters have names; those that every comparison knows need not be given."""
    known: dict[str, Any] = {"bought": list(BOUGHT), "ended": list(ENDED), "late": LATE}
    found = database.execute_sql(sql, known | values)  # type: ignore[no-untyped-call]
    return list(found.fetchall())
