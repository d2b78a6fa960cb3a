"""Suppliers asked while an admin waits: with a time limit, and seldom, however many admins look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from bitloot.amounts import plain
from bitloot.errors import BitLootError
from bitloot.shop import Shop
from db.purchase_list import PurchaseFacts
from db.sayings import claim_saying, keep_saying, sayings
from web.answers import Answer
from web.deadline import database
from web.patience import Patience, TooSlow

__all__ = ["Balance", "LiveStatus", "Oracle"]

#: How long (seconds) an admin waits for a supplier's word.
PATIENCE = 5.0

#: How long (seconds) a word counts before the supplier is asked again: of a purchase, of a balance.
STATUS_COUNTS = 10.0
BALANCE_COUNTS = 60.0


class LiveStatus(Answer):
    """The supplier's own word on a purchase as it was `asOf`, or why there is none."""

    as_of: datetime | None = None
    status: str | None = None
    keys_ready: int | None = None
    keys_expected: int | None = None
    problem: str | None = None


class Balance(Answer):
    """Our money at a supplier as it was `asOf`; `problem` says why it could not be asked since, or at all."""

    supplier: str
    amount: str | None = None
    currency: str | None = None
    as_of: datetime | None = Field(default=None)
    problem: str | None = None


class Oracle:
    """Asks suppliers; what they said is kept for all processes."""

    def __init__(self, shop: Shop) -> None:
        self._suppliers = shop.suppliers
        self._patience = Patience(at_once=4, seconds=PATIENCE)

    def status(self, purchase: PurchaseFacts) -> LiveStatus:
        supplier, ref = self._suppliers.get(purchase.supplier), purchase.supplier_ref
        if supplier is None or ref is None:
            return LiveStatus(problem="supplier_off" if supplier is None else "not_placed")

        def ask() -> Mapping[str, Any]:
            standing = supplier.status(ref)
            ready, expected = standing.keys_ready, standing.keys_expected
            return {"status": str(standing.status), "keys_ready": ready, "keys_expected": expected}

        said, at = self._word(f"purchase:{purchase.id}", STATUS_COUNTS, ask)
        return LiveStatus(as_of=at, **said)

    def balances(self) -> list[Balance]:
        return [self._balance(name) for name in sorted(self._suppliers)]

    def _balance(self, name: str) -> Balance:
        def ask() -> Mapping[str, Any]:
            found = self._suppliers[name].balance()
            if found is None:
                return {"problem": "not_told"}  # it has no such call
            return {"amount": plain(found[0]), "currency": found[1]}

        said, at = self._word(f"balance:{name}", BALANCE_COUNTS, ask)
        return Balance(supplier=name, as_of=at, **said)

    def _word(
        self, subject: str, seconds: float, ask: Callable[[], Mapping[str, Any]]
    ) -> tuple[Mapping[str, Any], datetime | None]:
        """What was said last, just now or before, and when. No connection is held while a supplier is called."""
        with database():
            mine = claim_saying(subject, seconds)
        problem = None
        if mine:
            try:
                said = self._patience.ask(ask)
            except TooSlow:
                problem = "too_slow"
            except BitLootError as error:
                problem = error.code
        with database():
            if mine and problem is None:
                keep_saying(subject, said)
            known = sayings([subject]).get(subject)
        if problem is not None:
            return {**(known.said if known else {}), "problem": problem}, known.at if known else None
        return (known.said, known.at) if known else ({"problem": "being_asked"}, None)
