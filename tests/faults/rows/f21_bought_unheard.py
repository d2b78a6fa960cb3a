"""F21: the supplier takes the order and the money, and its answer comes too late to be heard."""

from __future__ import annotations

from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.strangers import BRISK, bitten_references, misbehaving
from tests.faults.trial import Trial

__all__ = ["bought_unheard"]

NAME = "slow_after"


@row("F21", "supplier: time-out after commit, 20 %", short=12, full=1000, in_make_test=True)
def bought_unheard(trial: Trial) -> None:
    """Every purchase in doubt is settled by asking, or a person is asked; none is made twice."""
    plan = [
        {"name": NAME, "seconds": float(BRISK["SUPPLIER_TIMEOUT"]) + 1, "share": 0.2 if trial.full else 0.4}
    ]
    with trial.shop(**BRISK) as shop:
        with misbehaving(trial, shop, plan):
            load = trial.load(shop)
            load.finish()
            trial.settle(load, within=90)
        _all_settled(trial, shop)


def _all_settled(trial: Trial, shop: FaultShop) -> None:
    """What the fault hit is stored, or its order has an open case: nothing between the two."""
    asked = 0
    for ref in bitten_references(shop, NAME):
        [(state, cases)] = shop.rows(
            "SELECT p.state, (SELECT count(*) FROM cases c WHERE c.order_id = p.order_id AND c.state = 'open')"
            " FROM purchases p WHERE p.purchase_ref = %s",
            ref,
        )
        asked += state != "stored"
        if state != "stored" and not cases:
            trial.violation(f"purchase {ref} was in doubt and is {state} without a case")
    trial.note("doubts that a person must settle", asked)
