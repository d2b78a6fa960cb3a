"""What our own tables say: never their own witness, always one side of a join."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from db import base
from db.audit import verify_chain

__all__ = ["RESTING_SQL", "Inside", "KeyRow", "PurchaseRow"]

#: Nothing more will happen by itself, or a person is asked. An alarm (`stuck`) is no question.
RESTING_SQL = (
    "o.state IN ('refund_due', 'refunded')"
    " OR EXISTS (SELECT 1 FROM cases c WHERE c.order_id = o.id AND c.state = 'open' AND c.kind <> 'stuck')"
    " OR (o.state = 'fulfilled' AND EXISTS"
    " (SELECT 1 FROM letters l WHERE l.order_id = o.id AND l.state IN ('sent', 'failed')))"
)


@dataclass(frozen=True)
class PurchaseRow:
    id: str
    order_id: str
    line_id: str
    generation: int
    supplier: str
    ref: str
    supplier_ref: str | None
    state: str
    expected: int


@dataclass(frozen=True)
class KeyRow:
    id: str
    order_id: str
    line_id: str
    purchase_id: str
    object_name: str
    object_digest: str
    data_key: memoryview = field(repr=False)  # wrapped


@dataclass
class Inside:
    """All rows of all orders, read once, when everything is at rest."""

    states: dict[str, str]
    emails: dict[str, str]
    resting: set[str]
    cases: dict[str, list[str]]  # order -> kinds of open cases
    purchases: list[PurchaseRow]
    keys: list[KeyRow]
    moves: dict[str, list[tuple[int, str | None, str]]]  # order -> (seq, src, dst)
    purchase_moves: dict[str, list[tuple[str | None, str]]]
    notices: set[tuple[str, str, str]]  # (source, external id, event)
    payments: dict[str, tuple[str, str]]  # the gateway's id -> (order, state)
    reveals: set[str]
    chain_flaw: str = ""  # the first record of the audit chain that is not as it was written

    @classmethod
    def read(cls) -> Inside:
        """Needs the db package configured and a scope."""
        flaw = verify_chain(base.audit_keys()).flaw
        orders = _rows(f"SELECT o.id::text, o.state, o.email, {RESTING_SQL} FROM orders o")
        return cls(
            states={order: state for order, state, _, _ in orders},
            emails={order: email for order, _, email, _ in orders},
            resting={order for order, _, _, rests in orders if rests},
            cases=_grouped(
                _rows("SELECT order_id::text, kind FROM cases WHERE state = 'open' AND kind <> 'stuck'")
            ),
            purchases=[
                PurchaseRow(*row)
                for row in _rows(
                    "SELECT id::text, order_id::text, line_id::text, generation, supplier, purchase_ref,"
                    " supplier_ref, state, keys_expected FROM purchases"
                )
            ],
            keys=[
                KeyRow(*row)
                for row in _rows(
                    "SELECT k.id::text, k.order_id::text, k.line_id::text, k.purchase_id::text, k.object_name,"
                    " k.object_digest, o.data_key FROM keys k JOIN orders o ON o.id = k.order_id"
                )
            ],
            moves=_grouped(
                [
                    (order, (seq, src, dst))
                    for order, seq, src, dst in _rows(
                        "SELECT order_id::text, seq, src, dst FROM moves ORDER BY seq"
                    )
                ]
            ),
            purchase_moves=_grouped(
                [
                    (item, (src, dst))
                    for item, src, dst in _rows(
                        "SELECT purchase_id::text, src, dst FROM purchase_moves ORDER BY id"
                    )
                ]
            ),
            notices={tuple(row) for row in _rows("SELECT source, external_id, event FROM notices")},
            payments={
                ref: (order, state)
                for ref, order, state in _rows(
                    "SELECT gateway_payment_id, order_id::text, state FROM payments"
                )
            },
            reveals={
                row[0]
                for row in _rows("SELECT DISTINCT order_id::text FROM access_records WHERE action = 'reveal'")
            },
            chain_flaw=flaw.text if flaw else "",
        )

    @property
    def refs_by_line(self) -> dict[str, list[str]]:
        """Line -> our references of all its purchases."""
        return _grouped([(purchase.line_id, purchase.ref) for purchase in self.purchases])


def _rows(sql: str) -> list[tuple[Any, ...]]:
    return base.rows(sql)


def _grouped(pairs: Iterable[tuple[Any, ...]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found
