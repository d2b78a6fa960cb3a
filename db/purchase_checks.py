"""Every unfinished purchase is read again on a schedule, whatever its order does."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from bitloot.states import ACTIVE, OrderState, PurchaseState
from db.base import rows

__all__ = ["OPEN", "Check", "claim_checks", "wake"]

#: Something may still come of a purchase in one of these by itself; the index purchases_check_at has the same.
OPEN = frozenset(PurchaseState) - {PurchaseState.STORED, PurchaseState.FAILED, PurchaseState.MANUAL}


@dataclass(frozen=True)
class Check:
    """A purchase that is due to be read again."""

    purchase_id: uuid.UUID
    order_id: uuid.UUID
    order_state: OrderState

    @property
    def orphaned(self) -> bool:
        """Whether no step of its order looks after it any more."""
        return self.order_state not in ACTIVE


def claim_checks(limit: int, again: float) -> list[Check]:
    """Takes up to `limit` purchases whose time has come, the longest waiting first; next time after `again` seconds."""
    found = rows(
        "UPDATE purchases p SET check_at = clock_timestamp() + %s * interval '1 second' FROM orders o"  # noqa: S608
        f" WHERE o.id = p.order_id AND p.id = ANY(ARRAY(SELECT id FROM purchases WHERE state IN ({_listed()})"
        " AND check_at <= now() ORDER BY check_at LIMIT %s FOR UPDATE SKIP LOCKED))"
        " RETURNING p.id, o.id, o.state",
        *(again, limit),
    )
    return [
        Check(uuid.UUID(str(one)), uuid.UUID(str(order)), OrderState(state)) for one, order, state in found
    ]


def wake(order_ids: Sequence[uuid.UUID], beyond: float) -> int:
    """Makes those of these orders due that are not to be looked at within `beyond` seconds; how many."""
    return len(
        rows(
            "UPDATE orders SET due_at = now() WHERE id IN (SELECT id FROM orders WHERE id = ANY(%s::uuid[])"
            " AND due_at > now() + %s * interval '1 second' FOR UPDATE SKIP LOCKED) RETURNING id",
            *([str(order_id) for order_id in order_ids], beyond),
        )
    )


def _listed() -> str:
    """As literals, so that the planner sees that the partial index fits."""
    return ", ".join(f"'{state}'" for state in PurchaseState if state in OPEN)
