"""Tells stories of the model: how many, how long, from which seed."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.model.checks import Checks
from tests.faults.model.machine import Model
from tests.faults.model.person import Operator
from tests.faults.model.world import World

__all__ = ["run_model", "why"]

TOLD = (Phase.explicit, Phase.generate, Phase.target)


def run_model(world: World, *, examples: int, steps: int, seed_number: int, shrink: bool = True) -> None:
    """Raises what Hypothesis found; `why` says it with the steps that lead there. The same seed, the same stories."""
    checks = Checks(world)

    class Story(Model):
        pass

    Story.world, Story.checks, Story.operator = world, checks, Operator(world)
    run_state_machine_as_test(
        seed(seed_number)(Story),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=(*TOLD, Phase.shrink) if shrink else TOLD,
            suppress_health_check=list(HealthCheck),
        ),
    )


def why(error: BaseException) -> str:
    """The error and the story that leads to it: Hypothesis adds its steps as notes."""
    if isinstance(error, BaseExceptionGroup):  # several failures, each with its own story
        return "\n".join(why(one) for one in error.exceptions)
    notes: Sequence[str] = getattr(error, "__notes__", ())
    return "\n".join([f"{type(error).__name__}: {error}", *notes])
