"""The model in its short form (F28); the long one is a row of `make faults`."""

from __future__ import annotations

from tests.faults.model.machine import run_model
from tests.faults.model.stage import open_world

#: Small enough for every run of the suite: about fifteen seconds.
EXAMPLES, STEPS = 15, 30


def test_whatever_happens_in_whatever_order_the_invariants_hold(environ: dict[str, str]) -> None:
    with open_world(environ) as world:
        run_model(world, examples=EXAMPLES, steps=STEPS)
