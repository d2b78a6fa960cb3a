"""The table of the whole plan is put together over several runs, and says so."""

from __future__ import annotations

import json
from pathlib import Path

from tests.faults.latest import Latest
from tests.faults.record import Record

GOOD = {"orders": 3, "fulfilled": 3, "bites": 2, "commit": "abc"}


def test_rows_of_several_runs_are_one_table(tmp_path: Path) -> None:
    path, numbers = tmp_path / "out" / "latest.json", ["F1", "F6", "F7"]
    first = Latest.read(numbers, path).with_row(Record("F1", "killed", 7, **GOOD))  # type: ignore[arg-type]
    first.write(path)
    assert not first.passed
    assert first.verdict() == "FAILED: 1 of 3 rows, run at abc; never run: F6, F7"
    second = Latest.read(numbers, path)
    for number in ("F7", "F6"):
        second = second.with_row(Record(number, "", 8, bites=1, commit="def"))
    second.write(path)
    assert second.verdict() == "passed: 3 of 3 rows, run at abc, def"
    told = json.loads(path.read_text())
    assert (told["passed"], told["missing"]) == (True, [])
    assert [(row["number"], row["seed"], row["commit"]) for row in told["rows"]] == [
        ("F1", 7, "abc"),
        ("F6", 8, "def"),
        ("F7", 8, "def"),
    ]


def test_a_red_row_makes_the_whole_red_until_it_was_green(tmp_path: Path) -> None:
    whole = Latest(["F1", "F6"], {}).with_row(Record("F1", "", 1, bites=1)).with_row(Record("F6", "", 1))
    assert not whole.passed
    assert whole.with_row(Record("F6", "", 2, bites=1)).passed


def test_rows_that_the_plan_has_no_more_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "latest.json"
    Latest(["F1", "F9"], {}).with_row(Record("F9", "", 1)).write(path)
    assert Latest.read(["F1"], path).missing == ["F1"]
    assert Latest.read(["F1"], path).rows == []
