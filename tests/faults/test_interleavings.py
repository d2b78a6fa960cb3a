"""Any two actors on one order, one statement or call of theirs at a time: a few of the orders of each pair.

All of them, as far as they can be counted, are told by `make faults`.
"""

from __future__ import annotations

import random

from tests.faults.interleavings.pairs import PAIRS, explore
from tests.faults.interleavings.turns import schedules
from tests.faults.model.checks import Checks
from tests.faults.model.stage import open_world

#: Of each pair one order in which nobody is interrupted, and one with one switch; some seconds in all.
FEW = 1

SEED = 1


def test_whoever_goes_first_and_whenever_they_change_the_invariants_hold(environ: dict[str, str]) -> None:
    chance = random.Random(SEED)
    with open_world(environ) as world:
        checks = Checks(world)
        told = {pair.name: explore(world, checks, pair, one=FEW, more=0, chance=chance) for pair in PAIRS}
    assert all(count == FEW + 1 for count, _ in told.values())
    assert all(longest > 1 for _, longest in told.values()), "the boundaries were not seen"


def test_every_schedule_with_one_switch_is_told() -> None:
    told = list(schedules(4, one=None, more=3, chance=random.Random(SEED)))
    assert set(told[:8]) == {(first, frozenset({place})) for first in (0, 1) for place in range(1, 5)}
    assert [1 < len(switches) <= 6 for _, switches in told[8:]] == [True] * 3
