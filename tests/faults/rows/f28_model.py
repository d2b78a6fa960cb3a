"""F28: all statuses and amounts in all orders, and everything else that may happen meanwhile: the model."""

from __future__ import annotations

import os

from tests.faults.model.machine import run_model
from tests.faults.model.stage import own_world
from tests.faults.plan import row
from tests.faults.trial import Trial

__all__ = ["model"]

#: Steps of a story: by `make faults`, and with MODEL=nightly, which also tells 25 times as many stories.
STEPS, NIGHTLY_STEPS, NIGHTLY = 50, 100, 25


@row("F28", "the model: anything in any order", short=15, full=200)
def model(trial: Trial) -> None:
    """`orders` are stories. A bite is a call that met a fault. Told with and without repeats after a whole ladder."""
    nightly = os.environ.get("MODEL") == "nightly"
    stories = trial.orders * (NIGHTLY if nightly else 1)
    for repeats in ("false", "true"):
        with own_world(trial.servers, trial.directory / repeats, REPEAT_AFTER_AMBIGUOUS=repeats) as world:
            run_model(
                world,
                examples=stories // 2,
                steps=NIGHTLY_STEPS if nightly else STEPS,
                seed_number=trial.seed,
            )
            trial.record.orders += world.told
            trial.bit(sum(stranger.struck for stranger in world.strangers()))
