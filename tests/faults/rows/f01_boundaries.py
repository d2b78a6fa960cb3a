"""F1, F2: every commit and every call to a stranger in one order's life, killed or failing, before and after."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack

from bitloot.engines.valkey import ValkeyEngine
from tests.faults.boundary.crossings import ERRORS, Strike
from tests.faults.boundary.lives import STORIES, Life
from tests.faults.boundary.sweep import Lane, open_lanes, run_all
from tests.faults.plan import row
from tests.faults.trial import Trial

__all__ = ["CROSSINGS", "failed", "killed"]

#: How many crossings each story has at least (39, 35 and 79 were counted on 2026-11-21; what sweep adds depends on when
#: it comes). It may not fall unless fewer commits or calls are made on purpose: say why here. It fell by 2, 8 and 1 as
#: states between which nobody is called became one commit (intent and sending, placed and committing, the last line and
#: its order, ready and its data key), and as keys that tell as much as a status were fetched once.
CROSSINGS = {"kinguin": 35, "reservations": 31, "two lines": 69}

#: Lives that are lived at once. In `make test` other tests run beside, and a lane costs as much as ten lives.
LANES, SHORT_LANES = 2, 1

SIDES = ("before", "after")

#: Story -> (kind, name) of its crossings, in their order.
Traces = dict[str, list[tuple[str, str]]]


@row("F1", "SIGKILL at each crossing, and in recovery", short=1, full=1, in_make_test=True)
def killed(trial: Trial) -> None:
    """A bite is a process that died."""
    with ExitStack() as stack:
        lanes = _lanes(trial, stack)
        crossings = _measured(trial, lanes)
        _sweep(trial, lanes, list(_kills(trial, crossings)))


@row("F2", "an exception at each crossing", short=1, full=1)
def failed(trial: Trial) -> None:
    """A bite is an error that was raised where a commit or a call could raise it."""
    with ExitStack() as stack:
        lanes = _lanes(trial, stack)
        crossings = _measured(trial, lanes)
        _sweep(trial, lanes, list(_errors(trial, crossings)))


def _lanes(trial: Trial, stack: ExitStack) -> list[Lane]:
    valkey = stack.enter_context(ValkeyEngine(trial.directory / "valkey", durable=False))
    return stack.enter_context(
        open_lanes(trial.servers, valkey, trial.directory, LANES if trial.full else SHORT_LANES)
    )


def _measured(trial: Trial, lanes: list[Lane]) -> Traces:
    """The crossings of each story, as a life without a strike makes them."""
    whole = [Life(story) for story in STORIES]
    run_all(lanes, whole, trial.say)
    found = {life.story: life.crossings for life in whole}
    trial.record.crossings = sum(len(crossings) for crossings in found.values())
    for story, crossings in found.items():
        trial.note(f"crossings of {story}", len(crossings))
        if len(crossings) < CROSSINGS[story]:
            trial.violation(
                f"{story} has {len(crossings)} crossings, and had {CROSSINGS[story]}: say why in CROSSINGS"
            )
    return found


def _kills(trial: Trial, crossings: Traces) -> Iterator[Life]:
    """Full: each crossing of each story on both sides, and once more in recovery. Short: after every third of the
    longest story, the seed says which, since after one crossing and before the next the rows are the same."""
    if not trial.full:
        names = [name for _, name in crossings["two lines"] if not name.startswith("sweep:")]
        yield from (Life("two lines", Strike(name, "after")) for name in names[trial.seed % 3 :: 3])
        return
    for story, found in crossings.items():
        for (_, name), side in itertools.product(found, SIDES):
            # The recovery may have fewer crossings than that, and is then not struck.
            again = Strike(trial.chance.randint(1, len(found)), trial.chance.choice(SIDES))
            yield Life(story, Strike(name, side), again)


def _errors(trial: Trial, crossings: Traces) -> Iterator[Life]:
    """Every crossing of every story on both sides, the errors taking turns: the seed says whose turn is first."""
    turn = trial.seed
    for story, found in crossings.items():
        for (kind, name), side in itertools.product(found, SIDES):
            web = name.startswith(("POST", "intake", "clock"))  # where no time limit is thrown
            errors = [error for error in ERRORS[kind] if not (web and error == "TimeLimitExceeded")]
            yield Life(story, Strike(name, side, errors[turn % len(errors)]))
            turn += 1


def _sweep(trial: Trial, lanes: list[Lane], lives: list[Life]) -> None:
    """Lives them, counts the strikes, and judges each lane as a whole: a violation names the life it belongs to."""
    wanted = os.environ.get("FAULT_LIVES", "")  # part of the name of a life, to see a red one again
    lives = [life for life in lives if wanted in life.name]
    run_all(lanes, lives, trial.say)
    trial.bit(sum(life.struck for life in lives))
    trial.note("struck again in recovery", sum(life.struck_again for life in lives))
    rested = [life.rested for life in lives]
    times = [told["seconds"] for told in rested if told is not None]
    trial.note("longest recovery", f"{max(times, default=0):.1f} s")
    for lane in lanes:
        evidence = lane.evidence()
        named = _names(lane)
        found = len(trial.record.violations)
        trial.add(evidence)
        trial.record.violations[found:] = [
            _explained(text, named) for text in trial.record.violations[found:]
        ]
        trial.record.violations += lane.shop.plaintext_violations()
        trial.record.violations += [f"{life.name}: {fault}" for life in lane.lives for fault in life.faults]


def _names(lane: Lane) -> dict[str, str]:
    """What an id in a violation's text belongs to."""
    return {life.order_id: life.name for life in lane.lives}


def _explained(text: str, named: dict[str, str]) -> str:
    found = next(
        (named[part] for part in re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", text) if part in named), None
    )
    return f"{text} [{found}]" if found else text
