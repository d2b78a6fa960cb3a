"""F4: every process of the shop is killed with SIGKILL, again and again, under a supervisor."""

from __future__ import annotations

import time

from bitloot.engines.process import Process, accepts
from tests.faults.ear import Ear
from tests.faults.killing import storm
from tests.faults.patience import until
from tests.faults.plan import row
from tests.faults.trial import Trial

__all__ = ["all_killed"]


@row("F4", "kill -9 storm of web, worker, relay, clock", short=12, full=1000)
def all_killed(trial: Trial) -> None:
    """Every notice that the gateway heard a 2xx for is stored (I7), and who listens hears each move once (I12).

    The gateway's own ledger has each answer that it got. Doubts are settled by a repeat here, unlike in F3.
    """
    with trial.shop(REPEAT_AFTER_AMBIGUOUS="true") as shop:
        ear = Ear(shop).start()
        shop.supervise()
        load = trial.load(shop, pace=1.0 if trial.full else 0.0)

        def victims() -> list[Process]:
            return [process for name, process in shop.crew.items() if name != "standins"]

        storm(trial, load, victims, most=180 if trial.full else 12)
        trial.settle(load, within=60)
        until(lambda: accepts(shop.settings.port), seconds=60, what="web after its last death")
        load.reveal(5)
        time.sleep(2 * shop.settings.relay_look_seconds)
        ear.stop()
        evidence = shop.evidence()
        trial.record.violations += ear.violations(evidence)
        trial.note("notices answered 2xx", len(evidence.outside.told))
        trial.note("relay connections of one listener", ear.connections)
