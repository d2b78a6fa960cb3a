"""PAIRS: each pair of actors on one order, one statement or call at a time, in every order that can be told."""

from __future__ import annotations

from tests.faults.interleavings.pairs import PAIRS, explore
from tests.faults.model.checks import Checks
from tests.faults.model.stage import own_world
from tests.faults.plan import row
from tests.faults.trial import Trial

__all__ = ["pairs"]


#: Orders of each pair with several switches, beside all those with one.
MORE = 30


@row("PAIRS", "interleavings of two actors on one order", short=2, full=MORE)
def pairs(trial: Trial) -> None:
    """Every switch point of every pair. `orders` are stories, and each is a bite: the two took turns as told."""
    with own_world(trial.servers, trial.directory) as world:
        checks = Checks(world)
        for pair in PAIRS:
            one = None if trial.full else trial.orders
            try:
                told, longest = explore(world, checks, pair, one=one, more=trial.orders, chance=trial.chance)
            except AssertionError as error:
                trial.violation(str(error))
                continue
            trial.record.orders += told
            trial.record.crossings += longest
            trial.bit(told)
            trial.say(f"{pair.name}: {told} orders of up to {longest} boundaries")
