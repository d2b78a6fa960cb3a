"""F12: the clock of one worker is 70 s fast, 70 s slow, or steps while it works."""

from __future__ import annotations

from tests.faults.logbook import entries
from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.strangers import misbehaving
from tests.faults.trial import Trial

__all__ = ["wrong_clock"]

#: How far it is off, and how long after its start, in seconds. More than the 60 s after which a worker whose heartbeat
#: is that old counts as dead, so that its messages are given to another one (RELIABILITY §0 #5).
CLOCKS = ((70.0, 0.0), (-70.0, 0.0), (70.0, 15.0))

READY = "Worker process is ready for action."

#: Calls last long enough that somebody else may think their caller dead.
SLOW = {"name": "slow_after", "seconds": 1.0, "share": 0.5}


@row("F12", "clock of one worker ±70 s, and stepping", short=8, full=150)
def wrong_clock(trial: Trial) -> None:
    """A bite is a message that was begun while its first run was under way, or after it.

    A host's clock cannot be bent for one process without help from outside (libfaketime): `tests.faults.skewed`
    bends what Python code sees of it. One shop for each clock, with 150 orders instead of 1,000, so that all three take
    four minutes together; the short form leaves the step out.
    """
    for seconds, after in CLOCKS if trial.full else CLOCKS[:2]:
        before = trial.record.bites
        with trial.shop(witnessed=True) as shop:
            _bend(shop, seconds, after)
            with misbehaving(trial, shop, [SLOW], counts=False):
                load = trial.load(shop, pace=5.0 if trial.full else 0.5)
                trial.settle(load, within=60)
            trial.bit(_begun_again(shop))
            _alarm(trial, shop, seconds)
        trial.note(f"begun again, {seconds:+g} s after {after:g} s", trial.record.bites - before)
        if trial.record.bites == before and trial.full:
            trial.violation(f"a clock that was {seconds:+g} s off made no difference")


def _bend(shop: FaultShop, seconds: float, after: float) -> None:
    """Starts the second worker again, with the wrong time, and waits until it works."""
    worker = shop.crew["worker-2"]
    worker.stop()
    worker.log = worker.log.with_name("worker-2-bent.log")
    python, option, *command = worker.argv
    worker.argv = [python, option, "tests.faults.skewed", str(seconds), str(after), *command]
    worker.start().wait_for(lambda: any(entries(shop.logs, "worker-2-bent", message=READY)), seconds=60)


def _begun_again(shop: FaultShop) -> int:
    """How many starts of a message were not its first; a repeat that was asked for lies in Redis under another id."""
    return sum(times - 1 for times in shop.starts.values())


def _alarm(trial: Trial, shop: FaultShop, seconds: float) -> None:
    """The worker itself says that its clock is off."""
    told = [float(entry["seconds"]) for entry in entries(shop.logs, "worker-2-bent", action="clock_skew")]
    if not any(abs(found - seconds) < 2 for found in told):
        trial.violation(f"a worker's clock was {seconds:+g} s off, and it said {told or 'nothing'}")
