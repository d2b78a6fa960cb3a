"""SIGKILL for processes of the shop, at random moments, and a count of those that were alive to be hit."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence

from bitloot.engines.process import Process
from tests.faults.load import Load
from tests.faults.patience import Patience, pause, until
from tests.faults.trial import Trial
from tests.waiting import descendants

__all__ = ["kill_one", "storm"]


def kill_one(trial: Trial, processes: Sequence[Process]) -> bool:
    """One of them, or of the processes that it works in (dramatiq's and gunicorn's children); whether it was hit."""
    chosen = trial.chance.choice(processes)
    if not chosen.running:
        return False
    pid = trial.chance.choice([chosen.pid, *descendants(chosen.pid)])
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def storm(
    trial: Trial,
    load: Load,
    victims: Callable[[], Sequence[Process]],
    *,
    most: float,
    least: int = 3,
) -> None:
    """Kills one of `victims` every 0.3–3 s, at least `least` of them, until every order is at rest, or for `most`
    seconds. Each hit is a bite. It begins when the first orders are placed.

    These are seconds of a machine of our own: whoever dies needs time to come back.
    """
    until(lambda: load.placed > 0, seconds=60, what="the first order")
    patience, hits = Patience(), 0
    while patience.spent() < most:
        pause(trial.chance.uniform(0.3, 3.0))
        if kill_one(trial, victims()):
            trial.bit()
            hits += 1
        if hits >= least and not load.running and load.at_rest() == len(load.sales):
            break
    trial.note("seconds of the storm", f"{patience.spent():.0f}")
    trial.note("at rest when it ended", f"{load.at_rest()} of {len(load.sales)}")
