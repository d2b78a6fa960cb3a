"""Exports: no cell is a formula, and every reader gets back what was written."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitloot.exports import csv_lines, json_lines, safe_cell

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


HIDDEN = ("\0=", " =", "\u00a0=", "\ufeff=", "  @", "\u3000=", "\u200b=", "\x1b=", "\u202e+", "\v", "\u2028")
LOOK_ALIKE = ("﹦", "﹢", "﹣", "﹫", "⁺", "₌", "−")


@pytest.mark.parametrize("start", [*FORMULAS, *HIDDEN, *LOOK_ALIKE])
def test_nothing_that_would_calculate_begins_a_cell(start: str) -> None:
    assert safe_cell(f'{start}HYPERLINK("http://x")').startswith("'")


@given(st.text(max_size=20))
def test_a_cell_shows_what_it_was_given(text: str) -> None:
    cell = safe_cell(text)
    assert cell.removeprefix("'") == text.replace("\0", "").removeprefix("'")
    assert not cell.startswith(FORMULAS)


@given(st.lists(st.sampled_from([*FORMULAS, ",", ";", '"', "'", "a", " "]), max_size=8).map("".join))
def test_separators_and_quotes_cannot_open_another_cell(text: str) -> None:
    lines = "".join(csv_lines(["a", "b"], [{"a": text, "b": "end"}]))
    rows = list(csv.reader(io.StringIO(lines, newline=""), strict=True))
    assert rows == [["a", "b"], [safe_cell(text), "end"]]
    assert all(cell.startswith('"') for cell in lines.splitlines()[:1])


def test_values_are_written_as_people_read_them() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    row = {"none": None, "at": at, "details": {"b": 1, "a": "é"}, "seq": 7}
    [_, line] = csv_lines(row, [row])
    assert line == '"","2026-01-02T00:00:00+00:00","{""a"": ""é"", ""b"": 1}","7"\r\n'
    [line] = json_lines([row])
    assert json.loads(line) == row | {"at": "2026-01-02T00:00:00+00:00"}
