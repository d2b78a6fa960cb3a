"""F28: all statuses and amounts in all orders, and everything else that may happen meanwhile: the model."""

from __future__ import annotations

import os

from tests.faults.model.seen import Seen
from tests.faults.model.stage import own_world
from tests.faults.model.telling import run_model, why
from tests.faults.model.world import World
from tests.faults.plan import row
from tests.faults.trial import Trial

__all__ = ["model"]

STEPS = 100

#: Stories of `MODEL=nightly make faults`: hours.
NIGHTLY = 5_000

#: Chance leaves rare states out of a few hundred stories: as many more are told, as often, until each was seen.
MORE, TIMES = 40, 5


@row("F28", "the model: anything in any order", short=15, full=200)
def model(trial: Trial) -> None:
    """`orders` are stories. A bite is a call that met a fault. Told with and without repeats after a whole ladder."""
    stories = NIGHTLY if trial.full and os.environ.get("MODEL") == "nightly" else trial.orders
    seen = Seen()
    for number, repeats in enumerate(("false", "true")):
        with own_world(trial.servers, trial.directory / repeats, REPEAT_AFTER_AMBIGUOUS=repeats) as world:
            _tell(trial, world, stories // 2, trial.seed + number)
            seen.add(world.seen)
            if number:
                _tell_until_all_was_seen(trial, world, seen)
            trial.record.orders += world.told
            trial.bit(sum(stranger.struck for stranger in world.strangers()))
    for name, figures in seen.figures().items():
        trial.note(name, figures)
    for what in seen.missing(few=not trial.full):
        trial.violation(what)


def _tell_until_all_was_seen(trial: Trial, world: World, seen: Seen) -> None:
    for number in range(TIMES if trial.full else 0):
        if trial.record.violations or not seen.missing():
            return
        world.seen = Seen()
        _tell(trial, world, MORE, trial.seed + 2 + number)
        seen.add(world.seen)


def _tell(trial: Trial, world: World, stories: int, seed: int) -> None:
    try:
        run_model(world, examples=stories, steps=STEPS, seed_number=seed)
    except (AssertionError, ExceptionGroup) as error:
        trial.violation(why(error))
