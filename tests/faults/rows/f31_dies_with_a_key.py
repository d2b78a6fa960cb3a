"""F31: a worker dies between the fetch of keys and their seal, with keys in plain in its memory."""

from __future__ import annotations

from tests.faults.mortal import DEATHS, MORTAL
from tests.faults.plan import row
from tests.faults.trial import Trial

__all__ = ["dies_with_a_key"]


@row("F31", "kill -9 between fetch of keys and seal", short=8, full=200)
def dies_with_a_key(trial: Trial) -> None:
    """A bite is a death. Both suppliers give keys again to whoever asks, so every order is fulfilled, but for one that
    another thread of the dying worker was just buying: that doubt may be a person's.

    A death ends a whole worker, which takes seconds to come back: 200 orders with some 20 deaths instead of 1,000.
    """
    file = trial.directory / "deaths"
    share = 0.04 if trial.full else 0.15
    with trial.shop(**{DEATHS: f"{share} {trial.seed} {file}"}) as shop:
        for worker in shop.workers:
            worker.stop()
            worker.argv = [MORTAL if part == "actors" else part for part in worker.argv]
            worker.start()
        shop.supervise()
        load = trial.load(shop, pace=2.0 if trial.full else 0.0)
        trial.settle(load, within=90)
        load.reveal(20)
        trial.bit(len(file.read_text().splitlines()) if file.exists() else 0)
        others = shop.rows(
            "SELECT o.state, count(*) FROM orders o WHERE o.state <> 'fulfilled' AND NOT EXISTS"
            " (SELECT 1 FROM cases c WHERE c.order_id = o.id AND c.kind = 'purchase_in_doubt') GROUP BY 1"
        )
        if others:
            trial.violation(f"the suppliers give keys again, and yet not fulfilled: {others}")
