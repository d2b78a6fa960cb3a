"""The purchase ledger: intent first, one live purchase per line, doubt as a state of its own."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from peewee import (
    BigAutoField,
    BooleanField,
    DecimalField,
    ForeignKeyField,
    IntegerField,
    TextField,
    UUIDField,
)

from bitloot.states import PurchaseState, check_purchase_move
from db.base import Model, now, rows
from db.fields import StateField, TimeField
from db.orders import Line, Order

__all__ = [
    "INTENDED",
    "INTENDED_ONCE",
    "Intent",
    "Purchase",
    "PurchaseMove",
    "purchases_of",
]


class Purchase(Model):
    order_id: uuid.UUID
    line_id: uuid.UUID
    begun: float | None = None  # the right to make one call is this copy's, until then (monotonic clock)
    completed: bool = False  # by this copy its order came to `waiting`
    id = UUIDField(primary_key=True, default=uuid.uuid4)
    order = ForeignKeyField(Order, backref="purchases", index=False)
    line = ForeignKeyField(Line, backref="purchases", index=False)
    generation = IntegerField(default=1)
    supplier = TextField()
    purchase_ref = TextField(unique=True)
    supplier_ref = TextField(null=True)
    state = StateField(PurchaseState, default=PurchaseState.INTENT)
    attempt = IntegerField(default=0)
    lease_until = TimeField(null=True)
    looks = IntegerField(default=0)
    look_at = TimeField(null=True)
    product_ref = TextField()
    quantity = IntegerField()
    max_price = DecimalField(max_digits=12, decimal_places=2)
    currency = TextField()
    text_only = BooleanField()
    supplier_status = TextField(null=True)
    keys_expected = IntegerField()
    keys_stored = IntegerField(default=0)
    error = TextField(null=True)
    created_at = TimeField(default=now)
    moved_at = TimeField(default=now)
    check_at = TimeField(default=now)

    class Meta:
        table_name = "purchases"
        indexes = ((("line", "generation"), True), (("supplier", "supplier_ref"), True))

    def advance(self, dst: PurchaseState, *, note: str = "", **changes: Any) -> bool:
        """Moves the purchase if state and attempt still are as in this copy; whether we won. One commit with its row.

        Raises ValueError for a move that no purchase may make.
        """
        return self._move(dst, note, changes)

    def start_call(self, dst: PurchaseState, lease: float) -> bool:
        """Takes the right to make one money call (sending, committing) for `lease` seconds; whether we got it.

        The attempt goes up by one: an answer to an older call no longer moves anything. Nobody gets it for an order
        that is held, or paid no more: its money may have gone back since the caller looked. A refund that is just being
        written down is waited for (FOR SHARE): it has looked for calls under way before this one was to be seen.
        """
        raised = "attempt = attempt + 1, lease_until = now() + %s * interval '1 second', "
        free = "o.state = 'paid' AND o.held_at IS NULL"
        paid = f" AND EXISTS (SELECT 1 FROM orders o WHERE o.id = order_id AND {free} FOR SHARE)"  # noqa: S608
        won = self._move(dst, f"attempt {self.attempt + 1}", {}, raised, lease, only=paid)
        self.attempt += won
        return won

    def place_and_call(self, supplier_ref: str, supplier_status: str, lease: float, *, note: str) -> bool:
        """sending → placed → committing, in one commit: the reference is saved, and the right to pay for it is taken
        (`begun`) unless the order is held, or paid no more. False: the answer is to an older call."""
        latest = time.monotonic() + lease
        told = (self.id, self.order_id, self.attempt, supplier_ref, supplier_status, note, lease)
        may_pay = rows("SELECT place_purchase(%s, %s, %s, %s, %s, %s, %s)", *told)[0][0]
        if may_pay is None:
            return False
        self.supplier_ref, self.supplier_status = supplier_ref, supplier_status
        self.state, self.begun, self.error, self.looks = PurchaseState.PLACED, None, None, 0
        if may_pay:
            self.state, self.attempt, self.begun = PurchaseState.COMMITTING, self.attempt + 1, latest
        return True

    def bought(self, *, note: str, status: str | None, actor: str, due: float) -> bool:
        """→ waiting. With the last line's its order comes to `waiting` in the same commit, due after `due` seconds."""
        check_purchase_move(self.state, PurchaseState.WAITING)
        won, complete = rows(
            "SELECT o_won, o_complete FROM buy_purchase(%s, %s, %s, %s, %s, %s, %s, %s)",
            *(self.id, self.order_id, str(self.state), self.attempt, status, note, actor, due),
        )[0]
        if won:
            self.state, self.supplier_status, self.error = PurchaseState.WAITING, status, None
            self.completed = bool(complete)
        return bool(won)

    def doubt(self, rungs: Sequence[float], *, note: str) -> bool:
        """The outcome of the call is unknown. The first look is after the next rung of the ladder (seconds each)."""
        wait = rungs[min(self.looks, len(rungs) - 1)]
        climbed = "looks = looks + 1, look_at = now() + %s * interval '1 second', "
        changes = {"lease_until": None, "error": note}
        won = self._move(PurchaseState.AMBIGUOUS, note, changes, climbed, wait)
        if won:
            self.looks, self.look_at = self.looks + 1, now() + timedelta(seconds=wait)
        return won

    def freeze(self, kind: str, figures: Mapping[str, str], **changes: Any) -> bool:
        """Hands the purchase to a person: `manual`, and the case that asks, in one commit; whether we won."""
        asked = (
            ", asked AS (INSERT INTO cases (id, order_id, subject, kind, figures, state, opened_at)"
            " SELECT gen_random_uuid(), order_id, id::text, %s, %s, 'open', clock_timestamp() FROM moved"
            " ON CONFLICT (order_id, kind, subject) WHERE state = 'open' DO NOTHING)"
        )
        changes = {"lease_until": None, "look_at": None, "error": kind, **changes}
        case = (kind, json.dumps(dict(figures)))
        return self._move(PurchaseState.MANUAL, kind, changes, also=asked, also_values=case)

    def _move(
        self,
        dst: PurchaseState,
        note: str,
        changes: dict[str, Any],
        extra: str = "",
        *values: Any,
        only: str = "",
        also: str = "",
        also_values: tuple[Any, ...] = (),
    ) -> bool:
        """One statement: the row as changed, if `only` holds as well, its move, and what `also` makes of it."""
        check_purchase_move(self.state, dst)
        columns = "".join(f"{Purchase._meta.fields[name].column_name} = %s, " for name in changes)
        won = rows(
            f"WITH moved AS (UPDATE purchases SET {extra}{columns}state = %s, moved_at = now()"  # noqa: S608
            f" WHERE id = %s AND state = %s AND attempt = %s{only} RETURNING id, order_id, attempt){also}"
            " INSERT INTO purchase_moves (purchase_id, src, dst, attempt, note, at)"
            " SELECT id, %s, %s, attempt, %s, clock_timestamp() FROM moved RETURNING id",
            *(*values, *changes.values(), str(dst), self.id, str(self.state), self.attempt),
            *(*also_values, str(self.state), str(dst), note),
        )
        if won:
            for name, value in changes.items():
                setattr(self, name, value)
            self.state = dst
        return bool(won)

    @property
    def next_at(self) -> datetime | None:
        """When a purchase that may be bought by now has something to do; None for any other, or at once."""
        times: list[datetime | None] = []
        if self.state is PurchaseState.AMBIGUOUS:
            times = [self.look_at]
        elif self.state in {PurchaseState.SENDING, PurchaseState.COMMITTING}:
            times = [self.lease_until, self.look_at]
        return max((at for at in times if at is not None), default=None)

    def reload(self) -> None:
        """Takes over what the database has: for a copy that lost its move to another worker."""
        [fresh] = Purchase.load("WHERE t.id = %s", self.id)
        self.__data__.update(fresh.__data__)

    def note_status(self, status: str) -> None:
        """Remembers the supplier's word for where it stands."""
        rows("UPDATE purchases SET supplier_status = %s WHERE id = %s RETURNING id", *(status, self.id))
        self.supplier_status = status


class PurchaseMove(Model):
    id = BigAutoField()
    purchase = ForeignKeyField(Purchase, backref="history", index=False)
    src = TextField(null=True)
    dst = TextField()
    attempt = IntegerField()
    note = TextField()
    at = TimeField()

    class Meta:
        table_name = "purchase_moves"


@dataclass(frozen=True)
class Intent:
    """What is about to be bought: one purchase per line that has none. The newest of each line come back.

    A line gets another one, for the keys that it still lacks, only when the one before ended definitely and somebody
    sent the order back to `paid` after that end. Where the first line is bought from one of the suppliers `begin`, the
    right to make its first call is taken in the same commit, for `lease` seconds: its purchase is `begun`.

    Written down by a statement of its own (`write`), or by one with what makes it right (`written`).
    """

    order_id: uuid.UUID
    begin: Sequence[str] = ()
    lease: float = 0

    def write(self) -> list[Purchase]:
        sql = f"SELECT {INTENDED} FROM intend_purchases(%s, %s, %s) i"  # noqa: S608
        return self.written(sql, *self.values())[1]

    def values(self) -> tuple[uuid.UUID, list[str], float]:
        """The arguments of intend_purchases (0020_buying_in_fewer_steps.sql)."""
        return self.order_id, list(self.begin), self.lease

    def written(self, sql: str, *params: Any) -> tuple[tuple[Any, ...], list[Purchase]]:
        """Runs a statement whose last columns are INTENDED: (what stands before them, the purchases)."""
        latest = time.monotonic() + self.lease  # no later than the row says
        found = rows(sql, *params)
        before = len(found[0]) - len(Purchase._meta.sorted_fields) - 1 if found else 0
        purchases = []
        for begun, *row in (row[before:] for row in found):
            if begun is not None:
                purchases.append(Purchase.from_row(tuple(row)))
                purchases[-1].begun = latest if begun else None
        return (found[0][:before] if found else ()), purchases


#: What an Intent reads of `intend_purchases(…) i`.
INTENDED = f"i.o_begun, {Purchase.columns('(i.o_purchase)')}"

#: … beside the one row of another function, if that says so: of no order nothing is intended.
INTENDED_ONCE = "LEFT JOIN LATERAL intend_purchases(CASE WHEN {} THEN %s::uuid END, %s, %s) i ON true"


def purchases_of(order: Order) -> list[Purchase]:
    """The newest purchase of each line, in the order of the lines."""
    found = Purchase.load(
        "JOIN lines l ON l.id = t.line_id WHERE t.order_id = %s ORDER BY l.position, t.generation", order.id
    )
    newest = {purchase.line_id: purchase for purchase in found}
    return list(newest.values())
