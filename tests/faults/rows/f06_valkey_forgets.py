"""F6: everything that Valkey holds is gone, again and again, while orders are under way."""

from __future__ import annotations

import time

from tests.faults.plan import row
from tests.faults.trial import Trial

__all__ = ["flushall"]


@row("F6", "FLUSHALL during load", short=12, full=1000, in_make_test=True)
def flushall(trial: Trial) -> None:
    """A bite is a FLUSHALL that destroyed messages."""
    with trial.shop() as shop, shop.queue() as client:
        load = trial.load(shop, pace=1.0 if trial.full else 0.2)
        while load.running:
            waiting = sum(1 for _ in client.scan_iter(f"{shop.settings.queue_namespace}:*.msgs"))
            client.flushall()
            trial.bit(waiting > 0)
            time.sleep(2.0 if trial.full else trial.chance.uniform(0.02, 0.1))
        trial.settle(load, within=2 * shop.settings.sweep_seconds + 10)
        load.reveal(3)
