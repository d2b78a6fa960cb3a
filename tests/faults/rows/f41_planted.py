"""F41: known bugs planted one at a time; the net must catch every one of them, and be green without."""

from __future__ import annotations

from tests.faults.plan import row
from tests.faults.planted.bugs import BUGS
from tests.faults.planted.hunt import Hunt, hunt
from tests.faults.trial import Trial

__all__ = ["planted"]

#: The parts of the net that know nothing of any one bug: whether they catch it too is told, and not asked for.
WIDE = {
    "model": "tests/faults/test_model.py",
    "interleavings": "tests/faults/test_interleavings.py",
}


@row("F41", "planted bugs", short=len(BUGS), full=len(BUGS))
def planted(trial: Trial) -> None:
    """A bite is a bug that was caught by all tests that are named beside it; the table says who else caught it."""
    wide = list(WIDE.values()) if trial.full else []
    named = sorted({test for bug in BUGS.values() for test in bug.caught_by})
    control = hunt(None, [*named, *wide], trial.servers)
    if not control.green:
        trial.violation(f"red without a bug: {', '.join(control.red) or control.output[-300:]}")
    for bug in BUGS.values():
        found = hunt(bug, [*bug.caught_by, *wide], trial.servers)
        if all(found.caught_by(test) for test in bug.caught_by):
            trial.bit()
        else:
            trial.violation(f"{bug.name} is not caught: {found.output[-300:]}")
        trial.note(bug.name, _told(found))
        trial.say(f"{bug.name}: {_told(found)}")
    trial.note("caught", f"{trial.record.bites} of {len(BUGS)}")


def _told(found: Hunt) -> str:
    """Who was red: the parts of the net, and the tests by name."""
    parts = [name for name, path in WIDE.items() if found.caught_by(path)]
    tests = [test.partition("::test_")[2] for test in found.red if not test.startswith(tuple(WIDE.values()))]
    return ", ".join([*tests, *parts]) or "nobody"
