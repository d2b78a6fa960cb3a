"""Who may look at an order's keys now: each look is counted and written down before anything of a key leaves."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from falcon import Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from bitloot.settings import Settings
from bitloot.states import OrderState
from db import Key, Order, keys_of
from web.admin.answers import read_query
from web.auth import Gate, Viewer, not_found
from web.deadline import database
from web.errors import Problem
from web.record import record, record_refusal
from web.rights import spend
from web.tries import limit_address, limit_order

__all__ = ["LOOKING", "REVEALABLE", "KeyQuery", "Look", "admit"]

#: Orders whose keys their buyer may see, as far as there are any: one line does not wait for another.
REVEALABLE = frozenset({OrderState.PAID, OrderState.WAITING, OrderState.READY, OrderState.FULFILLED})


#: What whoever looks at keys may be told instead: the promises of all routes that `admit` guards.
LOOKING: Mapping[str, Any] = {
    "codes": {
        403: ["used_up"],
        404: ["no_such_key"],
        409: ["not_ready"],
        410: ["withdrawn", "expired_keys"],
        503: ["key_unreadable"],
    },
    "refusals": [401, 403, 404, 409, 410, 413, 422, 429, 500, 503],
}


class KeyQuery(BaseModel):
    """One key of an order; without `line`, all of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    line: int | None = Field(default=None, ge=1, le=100_000, description="Position of the line, from 1.")
    number: int | None = Field(default=None, ge=1, le=100_000, description="Of the line's keys, from 1.")

    @model_validator(mode="after")
    def _both_or_none(self) -> KeyQuery:
        if (self.line is None) != (self.number is None):
            raise ValueError("line and number go together")
        return self

    def among(self, keys: Sequence[Key]) -> list[Key]:
        if self.line is None:
            return list(keys)
        return [key for key in keys if (key.line.position, key.number) == (self.line, self.number)]


@dataclass(frozen=True)
class Look:
    """One look that was admitted. `failed(code)` records that it came to nothing."""

    order: Order
    keys: list[Key]
    failed: Callable[[str], None]


def admit(
    req: Request,
    gate: Gate,
    settings: Settings,
    order_id: uuid.UUID,
    *,
    how: str,
    query: type[KeyQuery] = KeyQuery,
) -> Look:
    """Counts and records this viewer's look at the keys that the query names. Raises Problem, recorded as well.

    `how`: whether keys are shown, or granted for the buyer's browser to open.
    """
    viewer, wanted = gate.viewer(req), read_query(req, query)

    def failed(code: str) -> None:
        record(req, viewer, order_id, "reveal", "failed", {"code": code})

    with database():
        limit_address(req, settings)
        if viewer.owns(order_id):
            limit_order(order_id, settings)
        stored = keys_of(order_id)
        keys = wanted.among(stored)
        order = Order.get_or_none(Order.id == order_id)
        refusal = _refusal(viewer, order, stored, keys) or spend(
            viewer, order_id, settings, shown=len(keys), stored=len(stored)
        )
        if refusal is not None or order is None:
            why = refusal or not_found()
            asked = {"order": str(order_id), "code": why.document["code"]}
            record_refusal(req, viewer, order.id if order else None, "reveal", asked)
            raise why
        # Committed here, before any key is opened: whoever reads the records sees at least every look.
        told = {"how": how, "keys": [str(key.id) for key in keys]}
        record(req, viewer, order_id, "reveal", "granted", told)
    return Look(order, keys, failed)


def _refusal(
    viewer: Viewer, order: Order | None, stored: Sequence[Key], keys: Sequence[Key]
) -> Problem | None:
    """Why not, before anything is counted."""
    if order is None or not (viewer.is_admin or viewer.owns(order.id)):
        return not_found()
    if viewer.is_admin:
        return Problem(403, "forbidden", "Only the buyer sees the keys.")
    if order.state not in REVEALABLE or not stored:
        return Problem(409, "not_ready", "The keys are not there yet, or no longer.")
    return None if keys else Problem(404, "no_such_key", "The order has no such key, or not yet.")
