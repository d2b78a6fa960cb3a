"""F10: a failover to a copy of Valkey that is seconds old: what was done since is due again, what was sent is lost."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.trial import Trial

__all__ = ["older_copy"]


@row("F10", "Valkey fails over to a copy 5 s old", short=12, full=1000)
def older_copy(trial: Trial) -> None:
    """A bite is a message that ran, came back with the copy, and was started again. Ten failovers in the full form."""
    with trial.shop(witnessed=True) as shop:
        load = trial.load(shop, pace=2.0 if trial.full else 0.5, payers=20 if trial.full else 3)
        failovers = 0
        while load.running and failovers < (10 if trial.full else 2):
            if _copy_with_messages(shop, load_is_over=lambda: not load.running):
                time.sleep(5.0 if trial.full else 1.0)
                _fail_over(shop)
                failovers += 1
        load.hurry()
        trial.settle(load, within=60)
        load.reveal(3)
        trial.bit(sum(times > 1 for times in shop.starts.values()))
        trial.note("failovers", failovers)


def _copy_with_messages(shop: FaultShop, *, load_is_over: Callable[[], bool]) -> bool:
    """Whether it caught a moment at which messages wait or are under way."""
    names = f"{shop.settings.queue_namespace}:reserve.msgs"
    with shop.queue() as client:
        while not load_is_over():
            if client.hlen(names):
                client.save()
                return True
            time.sleep(0.002)
    return False


def _fail_over(shop: FaultShop) -> None:
    """It saves nothing by itself: what it comes back with is the copy."""
    engine = shop.valkey
    assert engine.process is not None
    engine.process.kill()
    engine.start()
