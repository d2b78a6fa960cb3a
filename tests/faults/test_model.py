"""The model in its short form (F28); the long one is a row of `make faults`."""

from __future__ import annotations

import os

from tests.faults.model.stage import open_world
from tests.faults.model.telling import run_model

#: Small enough for every run of the suite: about ten seconds.
EXAMPLES, STEPS = 20, 20

#: So few stories do not come everywhere by chance; those of this seed do.
EVERYWHERE = 6

#: Give another to hear other stories; a failure prints its steps.
SEED = int(os.environ.get("FAULT_SEED", EVERYWHERE))

#: "no": a failure is told as it was found, at once.
SHRINK = os.environ.get("FAULT_SHRINK") != "no"


def test_whatever_happens_in_whatever_order_the_invariants_hold(environ: dict[str, str]) -> None:
    with open_world(environ) as world:
        run_model(world, examples=EXAMPLES, steps=STEPS, seed_number=SEED, shrink=SHRINK)
        assert SEED != EVERYWHERE or world.seen.missing(few=True) == []
