"""On which orders of a day a supplier's list and our ledger do not agree: the rules, and what breaks them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bitloot.states import PurchaseState
from db.day import named_rows

__all__ = ["NAMED", "RULES", "Difference", "differences"]

#: Where a purchase may rightly be for a moment while the supplier has the order already.
UNDER_WAY = [
    str(state)
    for state in PurchaseState
    if state not in {PurchaseState.STORED, PurchaseState.FAILED, PurchaseState.MANUAL}
]

#: Differences of one kind that are named; the rest is counted.
NAMED = 50


@dataclass(frozen=True)
class Difference:
    """One thing on which the two sides do not agree, or which only looks so (`harmless`)."""

    kind: str
    supplier_ref: str
    purchase_ref: str
    order_id: uuid.UUID | None
    what: str
    harmless: bool = False


#: Each listed order of the day with our purchase of that name at the supplier (a), or of our own (b).
PAIRS = """
    FROM listed l
    LEFT JOIN purchases a ON a.supplier = %(supplier)s AND a.supplier_ref = l.supplier_ref
    LEFT JOIN purchases b ON b.supplier = %(supplier)s AND b.purchase_ref = l.purchase_ref
    LEFT JOIN orders o ON o.id = coalesce(a.order_id, b.order_id)
   CROSS JOIN LATERAL (SELECT l.status IS NULL OR l.status <> ALL(%(ended)s) AS charged) c
   CROSS JOIN LATERAL (SELECT coalesce(a.state, b.state) AS state,
           coalesce(a.moved_at, b.moved_at) > now() - %(late)s * interval '1 second'
           AND coalesce(a.state, b.state) = ANY(%(under_way)s) AS fresh) s
   WHERE l.created_at >= %(since)s AND l.created_at < %(until)s
"""

TWINS = "(SELECT 1 FROM listed t WHERE t.purchase_ref = l.purchase_ref AND t.supplier_ref <> l.supplier_ref)"

#: kind → (what it means, harmless, condition on a pair). A pair is named by the first that holds.
RULES: tuple[tuple[str, str, bool, str], ...] = (
    (
        "unknown_here",
        "charged there, and we know nothing of it",
        False,
        "a.id IS NULL AND b.id IS NULL AND charged",
    ),
    (
        "ended_unknown",
        "unknown here, but ended there without a charge",
        True,
        "a.id IS NULL AND b.id IS NULL",
    ),
    (
        "second_order",
        "a second order under our reference; ours is another",
        False,
        f"a.id IS NULL AND b.supplier_ref <> l.supplier_ref AND charged AND NOT EXISTS {TWINS}",
    ),
    (
        "twin",
        "one of several orders under one reference",
        True,
        "a.id IS NULL AND b.supplier_ref <> l.supplier_ref",
    ),
    (
        "other_reference",
        "the order is ours by its id there, but carries another reference",
        False,
        "a.id IS NOT NULL AND l.purchase_ref <> a.purchase_ref",
    ),
    ("unknown_status", "the supplier uses a status that we do not know", False, "l.status IS NULL"),
    ("under_way", "under way at this moment", True, "charged AND fresh"),
    ("status", "paid there, not bought here", False, "charged AND s.state <> ALL(%(bought)s)"),
    (
        "keys_missing",
        "delivered there, keys not stored here",
        False,
        "l.status = 'delivered' AND s.state IN ('waiting', 'partial')",
    ),
    (
        "ended_there",
        "ended there, bought here",
        False,
        "NOT charged AND s.state = ANY(%(bought)s) AND o.state NOT IN ('refund_due', 'refunded')",
    ),
    (
        "quantity",
        "another number of keys there",
        False,
        "charged AND l.quantity <> coalesce(a.quantity, b.quantity)",
    ),
    (
        "price",
        "more than we allowed",
        False,
        "charged AND l.currency = coalesce(a.currency, b.currency)"
        " AND l.total > coalesce(a.max_price * a.quantity, b.max_price * b.quantity)",
    ),
)


def differences(supplier: str, since: datetime, until: datetime) -> Iterator[tuple[Difference, int]]:
    """What the listed orders made in [since, until) show: NAMED of each kind at most, each with the kind's count."""
    cases = " ".join(f"WHEN {condition} THEN '{kind}'" for kind, _, _, condition in RULES)
    pairs = f"SELECT l.supplier_ref, l.purchase_ref, o.id AS order_id, l.status, s.state, CASE {cases} END AS kind"
    found = named_rows(
        "SELECT kind, supplier_ref, purchase_ref, order_id, status, state, many FROM ("  # noqa: S608
        "SELECT *, count(*) OVER (PARTITION BY kind) AS many,"
        " row_number() OVER (PARTITION BY kind ORDER BY supplier_ref) AS place"
        f" FROM ({pairs} {PAIRS}) judged WHERE kind IS NOT NULL) ranked"
        " WHERE place <= %(named)s ORDER BY kind, supplier_ref",
        supplier=supplier,
        since=since,
        until=until,
        under_way=UNDER_WAY,
        named=NAMED,
    )
    meaning = {kind: (text, harmless) for kind, text, harmless, _ in RULES}
    yield from _doubles(since, until)
    for kind, supplier_ref, purchase_ref, order_id, status, state, many in found:
        text, harmless = meaning[kind]
        stands = f" (there {status or '?'}, here {state})" if state else f" (there {status or '?'})"
        yield _difference(kind, supplier_ref, purchase_ref, order_id, text + stands, harmless), many


def _doubles(since: datetime, until: datetime) -> Iterator[tuple[Difference, int]]:
    """Two orders with one reference. At most one that was not ended is a twin, and cost nothing."""
    found = named_rows(
        "SELECT *, count(*) OVER (PARTITION BY charged > 1) FROM (SELECT purchase_ref,"
        " string_agg(supplier_ref, ' and ' ORDER BY created_at) AS refs,"
        " count(*) FILTER (WHERE status IS NULL OR status <> ALL(%(ended)s)) AS charged FROM listed"
        " WHERE purchase_ref IS NOT NULL GROUP BY purchase_ref HAVING count(*) > 1"
        " AND bool_or(created_at >= %(since)s AND created_at < %(until)s)) doubles"
        " ORDER BY charged DESC, purchase_ref LIMIT %(named)s",
        since=since,
        until=until,
        named=NAMED,
    )
    for purchase_ref, refs, charged, many in found:
        twice = charged > 1
        what = (
            f"charged {charged} times under one reference" if twice else "one reference, others ended there"
        )
        yield (
            _difference("double" if twice else "ended_double", refs, purchase_ref, None, what, not twice),
            many,
        )


def _difference(
    kind: str, supplier_ref: str, purchase_ref: str | None, order_id: Any, what: str, harmless: bool
) -> Difference:
    order = None if order_id is None else uuid.UUID(str(order_id))
    return Difference(kind, supplier_ref, purchase_ref or "", order, what, harmless)
