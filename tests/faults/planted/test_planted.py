"""The net catches what is planted: all of it by `make faults` (F41), here one, and that all of them still fit."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.faults.planted.bugs import BUGS, Bug
from tests.faults.planted.graft import changed
from tests.faults.planted.hunt import hunt
from tests.servers import Servers

ROOT = Path(__file__).parents[3]

#: The bug that costs most.
WORST = "retry-on-timeout"


def test_there_are_twelve_and_more() -> None:
    assert len(BUGS) >= 12


@pytest.mark.parametrize("bug", BUGS.values(), ids=list(BUGS))
def test_the_bug_still_fits_the_code(bug: Bug) -> None:
    """And it still is Python, and its tests are there."""
    for module in {change.module for change in bug.changes}:
        spec = importlib.util.find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        text = Path(spec.origin).read_text(encoding="utf-8")
        mine = [change for change in bug.changes if change.module == module]
        grown = changed(text, mine)
        assert grown != text
        compile(grown, module, "exec")
    for test in bug.caught_by:
        path, name = test.split("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")


def test_the_worst_of_them_is_caught(servers: Servers) -> None:
    found = hunt(BUGS[WORST], BUGS[WORST].caught_by, servers)
    assert found.caught, found.output
