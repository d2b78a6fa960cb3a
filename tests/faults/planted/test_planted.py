"""That all bugs can still be planted, and that a planted one is caught; each and every one by `make faults` (F41)."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.faults.planted.bugs import BUGS, Bug
from tests.faults.planted.graft import changed
from tests.faults.planted.hunt import hunt
from tests.servers import Servers

ROOT = Path(__file__).parents[3]

#: Its test needs no server, so that a process of its own costs little.
CHEAPEST = "compared-by-equals"


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


def test_a_planted_bug_is_caught(servers: Servers) -> None:
    found = hunt(BUGS[CHEAPEST], BUGS[CHEAPEST].caught_by, servers)
    assert found.caught, found.output
