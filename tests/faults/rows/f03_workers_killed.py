"""F3: worker processes are killed with SIGKILL, one after another, until all is done."""

from __future__ import annotations

from tests.faults.killing import storm
from tests.faults.plan import row
from tests.faults.trial import Trial

__all__ = ["workers_killed"]


@row("F3", "kill -9 storm of worker processes", short=12, full=1000)
def workers_killed(trial: Trial) -> None:
    """A random process of the two workers, dramatiq's master or its child, every 0.3–3 s; rest within 60 s.

    The plan's ten minutes are three here: the storm ends when all orders are done, which takes less.
    """
    with trial.shop() as shop:
        shop.supervise()
        load = trial.load(shop, pace=1.0 if trial.full else 0.0)
        storm(trial, load, lambda: shop.workers, most=180 if trial.full else 12)
        trial.settle(load, within=60)
        load.reveal(5)
