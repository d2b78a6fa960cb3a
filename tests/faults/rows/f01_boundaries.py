"""F1, F2: every commit and every call to a stranger in one order's life, killed or failing, before and after."""

from __future__ import annotations

import itertools
import random
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

#: How many crossings each story has. It may not fall unless fewer commits or calls are made on purpose: say why here.
CROSSINGS = {"kinguin": 0, "reservations": 0, "two lines": 0}

#: Lives that are lived at once.
LANES = 2

SIDES = ("before", "after")


@row("F1", "SIGKILL at each crossing, and in recovery", short=1, full=1, in_make_test=True)
def killed(trial: Trial) -> None:
    """Short: killed after each crossing of the order with both suppliers. Full: each story, both sides, and again."""
    with ExitStack() as stack:
        lanes = _lanes(trial, stack)
        crossings = _measured(trial, lanes)
        _sweep(trial, lanes, list(_kills(trial, crossings)))


@row("F2", "an exception at each crossing", short=1, full=1)
def failed(trial: Trial) -> None:
    """Each kind of error that such a crossing can raise, on both sides of it."""
    with ExitStack() as stack:
        lanes = _lanes(trial, stack)
        crossings = _measured(trial, lanes)
        _sweep(trial, lanes, list(_errors(trial, crossings)))


def _lanes(trial: Trial, stack: ExitStack) -> list[Lane]:
    valkey = stack.enter_context(ValkeyEngine(trial.directory / "valkey", durable=False))
    return stack.enter_context(open_lanes(trial.servers, valkey, trial.directory, LANES))


def _measured(trial: Trial, lanes: list[Lane]) -> dict[str, list[tuple[str, str]]]:
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


def _kills(trial: Trial, crossings: dict[str, list[tuple[str, str]]]) -> Iterator[Life]:
    """After one crossing and before the next the rows are the same: the short form leaves every second one out."""
    stories = crossings if trial.full else {"two lines": crossings["two lines"]}
    for story, found in stories.items():
        for (_, name), side in itertools.product(found, SIDES if trial.full else ("after",)):
            yield Life(story, Strike(name, side), _again(trial.chance, len(found)))
            if trial.full:
                yield Life(story, Strike(name, side))


def _again(chance: random.Random, most: int) -> Strike:
    """A crossing of the recovery by its number; the recovery may have fewer, and is then not struck."""
    return Strike(chance.randint(1, most), chance.choice(SIDES))


def _errors(trial: Trial, crossings: dict[str, list[tuple[str, str]]]) -> Iterator[Life]:
    for story, found in crossings.items():
        for kind, name in found:
            web = name.startswith(("POST", "intake", "clock"))
            errors = [error for error in ERRORS[kind] if not (web and error == "TimeLimitExceeded")]
            for error, side in itertools.product(errors, SIDES):
                if trial.full or trial.chance.random() < 0.05:
                    yield Life(story, Strike(name, side, error))


def _sweep(trial: Trial, lanes: list[Lane], lives: list[Life]) -> None:
    """Lives them, counts the strikes, and judges each lane as a whole: a violation names the life it belongs to."""
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
