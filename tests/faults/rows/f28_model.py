"""F28: all statuses and amounts in all orders, and everything else that may happen meanwhile: the model."""

from __future__ import annotations

import os

from tests.faults.model.stage import own_world
from tests.faults.model.telling import run_model, why
from tests.faults.plan import row
from tests.faults.trial import Trial

__all__ = ["model"]

STEPS = 100

#: Stories of `MODEL=nightly make faults`: hours.
NIGHTLY = 5_000


@row("F28", "the model: anything in any order", short=15, full=200)
def model(trial: Trial) -> None:
    """`orders` are stories. A bite is a call that met a fault. Told with and without repeats after a whole ladder."""
    stories = NIGHTLY if trial.full and os.environ.get("MODEL") == "nightly" else trial.orders
    for repeats in ("false", "true"):
        with own_world(trial.servers, trial.directory / repeats, REPEAT_AFTER_AMBIGUOUS=repeats) as world:
            try:
                run_model(world, examples=stories // 2, steps=STEPS, seed_number=trial.seed)
            except AssertionError as error:
                trial.violation(why(error))
            trial.record.orders += world.told
            trial.bit(sum(stranger.struck for stranger in world.strangers()))
            for name, figures in world.seen.figures().items():
                trial.note(f"{name} (repeats {repeats})", figures)
            for what in world.seen.missing(few=not trial.full):
                trial.violation(what)
