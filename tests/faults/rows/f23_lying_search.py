"""F23: the search that settles every doubt lies: empty for minutes, strangers' rows, two hits."""

from __future__ import annotations

from typing import Any

from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.strangers import BRISK, case_kinds, misbehaving
from tests.faults.trial import Trial
from web.standins.ledger import read_ledger

__all__ = ["lying_search"]

#: Seconds: within the ladder of these tests (4 s), and beyond it.
WITHIN, BEYOND = 2.0, 60.0

REPEATING = {"REPEAT_AFTER_AMBIGUOUS": "true"}


@row("F23", "supplier: its search lies", short=5, full=200)
def lying_search(trial: Trial) -> None:
    """One shop for each lie; a third of the answers to purchases are lost, so that there is something to look up."""
    _shop(trial, {"name": "search_lags", "seconds": WITHIN})
    _shop(trial, {"name": "search_empty", "lasts": BEYOND})
    _shop(trial, {"name": "search_empty", "lasts": BEYOND}, **REPEATING)
    _shop(trial, {"name": "search_strangers"})
    _shop(trial, {"name": "search_strangers", "only": True})
    with_two = _shop(trial, {"name": "search_twice"})
    if not with_two.get("bought_twice"):
        trial.violation("two hits for one reference, and nobody was told")


def _shop(trial: Trial, lie: dict[str, Any], **environ: str) -> dict[str, int]:
    lost = {"name": "accepted_reset", "point": "kinguin.place_order"}
    how: dict[str, Any] = {"share": 0.3} if trial.full else {"count": 3}
    with trial.shop(**BRISK, **environ) as shop:
        shop.control("config", webhooks=False)  # a webhook with our reference would settle a doubt by itself
        with misbehaving(trial, shop, [lost | how, lie]):
            load = trial.load(shop)
            load.finish()
            trial.settle(load, within=90)
        _frozen(trial, shop)
        return dict(case_kinds(shop))


def _frozen(trial: Trial, shop: FaultShop) -> None:
    """Nobody's order but ours was adopted; a purchase found twice stands still until somebody says what it is."""
    strangers = shop.rows(
        "SELECT supplier_ref FROM purchases WHERE supplier = 'kinguin' AND supplier_ref IS NOT NULL"
    )
    known = {line["order_id"] for line in read_ledger(shop.ledger, "kinguin", "order_charged")}
    for (ref,) in strangers:
        if ref not in known:
            trial.violation(f"the order {ref} of somebody else was adopted")
    moving = shop.rows(
        "SELECT p.purchase_ref, p.state FROM cases c JOIN purchases p ON p.id::text = c.subject"
        " WHERE c.kind = 'bought_twice' AND c.state = 'open' AND p.state <> 'manual'"
    )
    for ref, state in moving:
        trial.violation(f"purchase {ref} was found twice and goes on as {state}")
