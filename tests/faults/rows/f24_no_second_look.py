"""F24: a supplier that refuses no repeat and cannot be asked: a doubt about it is a person's business."""

from __future__ import annotations

from typing import Any

from tests.faults.patience import until
from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.strangers import BRISK, bitten_references, misbehaving
from tests.faults.trial import Trial
from tests.flows.house import Sale

__all__ = ["no_second_look"]

LOST = {"name": "accepted_reset", "point": "kinguin.place_order"}


@row("F24", "supplier: no idempotency, no look-up", short=8, full=300)
def no_second_look(trial: Trial) -> None:
    """First a search that never shows anything, so that purchases go out; then one that is not there at all."""
    how: dict[str, Any] = {"share": 0.3} if trial.full else {"count": 3}
    never = {"name": "search_empty", "lasts": 86_400.0}
    with trial.shop(**BRISK) as shop:
        shop.control("config", webhooks=False)  # a webhook with our reference would settle a doubt by itself
        shop.control("faults", name="sells_again")  # bites only if we repeat, which is what must not happen
        with misbehaving(trial, shop, [LOST | how, never]):
            load = trial.load(shop)
            load.finish()
            trial.settle(load, within=90)
        _every_doubt_is_a_case(trial, shop)
    _without_a_search(trial)


def _every_doubt_is_a_case(trial: Trial, shop: FaultShop) -> None:
    doubts = bitten_references(shop, LOST["name"])
    for ref in doubts:
        [(state, attempt, cases)] = shop.rows(
            "SELECT p.state, p.attempt, (SELECT count(*) FROM cases c WHERE c.subject = p.id::text"
            " AND c.state = 'open') FROM purchases p WHERE p.purchase_ref = %s",
            ref,
        )
        if attempt > 1:
            trial.violation(f"purchase {ref} was in doubt and was sent {attempt} times")
        if state != "manual" or not cases:
            trial.violation(f"purchase {ref} was in doubt and is {state} with {cases} cases")
    trial.note("doubts, all of them cases", len(doubts))


def _without_a_search(trial: Trial) -> None:
    """Look before buy, always: where nobody can look nothing is bought, and the order goes on when somebody can."""
    with trial.shop(**BRISK) as shop:
        with misbehaving(trial, shop, [{"name": "no_lookup"}]):
            sale = shop.order(("orbit-drifters", 1))
            shop.pay(sale)
            until(lambda: _hold(shop, sale) is not None, seconds=60, what="a reason to wait")
        trial.note("without a search the order says", _hold(shop, sale))
        if shop.charged(sale) != [0]:
            trial.violation("something was bought where nobody can look")
        shop.calm()
        shop.until(sale, "fulfilled", seconds=120)
        until(lambda: bool(shop.evidence().outside.letters_of(sale.order_id)), what="the letter")


def _hold(shop: FaultShop, sale: Sale) -> str | None:
    [(hold,)] = shop.rows("SELECT hold FROM orders WHERE id = %s", sale.order_id)
    return None if hold is None else str(hold)
