"""PAIRS: each pair of actors on one order, one statement or call at a time, in every order that can be told."""

from __future__ import annotations

from tests.faults.interleavings.pairs import PAIRS, explore
from tests.faults.model.checks import Checks
from tests.faults.model.stage import own_world
from tests.faults.plan import row
from tests.faults.trial import Trial

__all__ = ["pairs"]


@row("PAIRS", "interleavings of two actors on one order", short=2, full=100)
def pairs(trial: Trial) -> None:
    """`orders` are stories, and each is a bite: in each the two threads took turns as the schedule said."""
    with own_world(trial.servers, trial.directory) as world:
        checks = Checks(world)
        for pair in PAIRS:
            told, longest = explore(world, checks, pair, most=trial.orders, chance=trial.chance)
            trial.record.orders += told
            trial.record.crossings += longest
            trial.bit(told)
            trial.say(f"{pair.name}: {told} orders of up to {longest} boundaries")
