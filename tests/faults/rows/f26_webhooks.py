"""F26: webhooks and IPNs five times, out of order, an hour late, before our own row, forged, and not at all."""

from __future__ import annotations

from typing import Any

from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.strangers import misbehaving
from tests.faults.trial import Trial

__all__ = ["webhooks"]

HOUR = 3600.0


@row("F26", "webhooks ×5, reordered, late, early, none", short=12, full=1000)
def webhooks(trial: Trial) -> None:
    """Notices are hints: every order is fulfilled with any of them, and without one."""
    often: dict[str, Any] = {"share": 0.2} if trial.full else {"share": 0.4}
    troubles = [
        {"name": f"{word}_{trouble}", **often, **more}
        for word in ("webhook", "ipn")
        for trouble, more in (
            ("repeated", {"times": 5}),
            ("reordered", {}),
            ("delayed", {"seconds": HOUR}),
            ("forged", {}),
            ("wrong_secret", {}),
            ("never", {}),
            ("first", {}),
        )
    ]
    _all_fulfilled(trial, troubles)
    _all_fulfilled(trial, [{"name": "webhook_never"}, {"name": "ipn_never"}])


def _all_fulfilled(trial: Trial, troubles: list[dict[str, Any]]) -> None:
    with trial.shop() as shop:
        with misbehaving(trial, shop, troubles):
            load = trial.load(shop)
            load.finish()
            trial.settle(load, within=120)
        others = shop.rows("SELECT state, count(*) FROM orders WHERE state <> 'fulfilled' GROUP BY 1")
        if others:
            trial.violation(f"not fulfilled: {others}")
        _lies_are_in_no_log(trial, shop)


def _lies_are_in_no_log(trial: Trial, shop: FaultShop) -> None:
    """No purchase ended because a forged webhook said so."""
    ended = shop.rows(
        "SELECT purchase_ref FROM purchases WHERE supplier_status IN ('canceled', 'refunded', 'failed')"
    )
    for (ref,) in ended:
        trial.violation(f"purchase {ref} is over by a word that the supplier never said")
