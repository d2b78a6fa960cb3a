"""F41: known bugs planted one at a time; the net must catch every one of them, and be green without."""

from __future__ import annotations

from tests.faults.plan import row
from tests.faults.planted.bugs import BUGS
from tests.faults.planted.hunt import hunt
from tests.faults.trial import Trial

__all__ = ["planted"]


@row("F41", "planted bugs", short=len(BUGS), full=len(BUGS))
def planted(trial: Trial) -> None:
    """A bite is a bug that was caught, by the tests named in tests/faults/planted/bugs.py."""
    every = sorted({test for bug in BUGS.values() for test in bug.caught_by})
    control = hunt(None, every, trial.servers)
    if not control.green:
        trial.violation(f"red without a bug: {', '.join(control.red) or control.output[-300:]}")
    for bug in BUGS.values():
        found = hunt(bug, bug.caught_by, trial.servers)
        if found.caught:
            trial.bit()
            trial.note(bug.name, f"caught by {found.red[0].partition('::')[2]}")
        else:
            trial.violation(f"{bug.name} is not caught: {found.output[-300:]}")
    trial.note("caught", f"{trial.record.bites} of {len(BUGS)}")
