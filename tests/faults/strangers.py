"""Faults of strangers: what the stand-ins are told to do, and whether each of it really happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from tests.faults.shop import FaultShop
from tests.faults.trial import Trial
from tests.flows.house import Sale
from web.standins.accounts import bites
from web.standins.ledger import read_ledger

__all__ = ["BRISK", "bitten_references", "buy", "case_kinds", "misbehaving"]

#: A supplier that is unclear for a while costs seconds here, not minutes.
BRISK = {"SUPPLIER_TIMEOUT": "2", "PURCHASE_LEASE": "4", "BREAKER_PAUSE": "1", "BREAKER_WINDOW": "10"}

Plan = Sequence[dict[str, Any]]


@contextmanager
def misbehaving(trial: Trial, shop: FaultShop, plan: Plan, *, counts: bool = True) -> Iterator[None]:
    """Sets the faults, each with a seed of the trial's; at the end of the block each of them must have bitten.

    Without `counts` they only set the scene: the row counts bites of another kind.
    """
    for fault in plan:
        shop.control("faults", **{"seed": trial.chance.randrange(2**32), **fault})
    yield
    told = bites(shop.ledger)
    for name in sorted({str(fault["name"]) for fault in plan}):
        trial.bit(told[name] if counts else 0)
        before = int(trial.record.notes.get(f"bites of {name}", 0))
        trial.note(f"bites of {name}", before + told[name])
        if not told[name]:
            trial.violation(f"{name} never bit")


def buy(shop: FaultShop, baskets: Sequence[Sequence[tuple[str, int]]], *, payers: int = 10) -> list[Sale]:
    """Orders and pays each of these; for faults that need more of a line than the usual load asks for."""

    def one(basket: Sequence[tuple[str, int]]) -> Sale:
        sale = shop.order(*basket)
        shop.pay(sale)
        return sale

    with ThreadPoolExecutor(payers) as pool:
        return list(pool.map(one, baskets))


def bitten_references(shop: FaultShop, *names: str) -> set[str]:
    """Our references in the calls that these faults hit."""
    refs = {ref for (ref,) in shop.rows("SELECT purchase_ref FROM purchases")}
    lines = read_ledger(shop.ledger, "faults", "bitten")
    texts = [line["at_call"] for line in lines if line["name"] in names]
    return {ref for ref in refs if any(f'"{ref}"' in text or f"={ref}" in text for text in texts)}


def case_kinds(shop: FaultShop) -> Counter[str]:
    """How many open cases of each kind there are."""
    sql = "SELECT kind, count(*) FROM cases WHERE state = 'open' GROUP BY 1"
    return Counter(dict(shop.rows(sql)))
