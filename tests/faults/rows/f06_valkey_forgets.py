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
        messages = f"{shop.settings.queue_namespace}:*.msgs"
        while load.running:
            if any(True for _ in client.scan_iter(messages)):
                client.flushall()
                trial.bit()
                time.sleep(2.0 if trial.full else 0.1)
            time.sleep(0.002)
        trial.settle(load, within=2 * shop.settings.sweep_seconds + 10)
        load.reveal(3)
