"""Crossings have stable names, and a strike happens at the one that it names, on the side that it names."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from tests.faults.boundary.crossings import Crossings, Strike, within, written_by

FUNCTIONS = frozenset({"advance_order", "take_news"})


@pytest.mark.parametrize(
    ("sql", "params", "what"),
    [
        ("SELECT * FROM orders WHERE state = %s", ("paid",), ""),
        ("SELECT 1 FROM orders ORDER BY due_at FOR UPDATE SKIP LOCKED", (), ""),
        ('INSERT INTO "letters" ("id") VALUES (%s)', (uuid.uuid4(),), "letters"),
        (
            "WITH moved AS (UPDATE purchases SET state = %s WHERE state = %s RETURNING id)"
            " INSERT INTO purchase_moves (dst) SELECT %s FROM moved",
            ("sending", "intent", "sending"),
            "purchase_moves+purchases→sending",
        ),
        ("SELECT advance_order(%s, %s, %s)", ("id", "paid", "waiting"), "advance_order→waiting"),
        ("SELECT advanced_orders(%s)", ("paid",), ""),
    ],
)
def test_a_statement_is_named_by_what_it_writes(sql: str, params: tuple[object, ...], what: str) -> None:
    assert written_by(sql, params, FUNCTIONS) == what


def _cross(crossings: Crossings, reached: list[str], *names: str) -> None:
    with within("there"):
        for name in names:
            with crossings.crossing("commit", name):
                reached.append(name)


def test_each_crossing_is_written_down_with_its_count(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    _cross(Crossings(trace, None), [], "a", "b", "a")
    assert trace.read_text().splitlines() == ["commit there:a#1", "commit there:b#1", "commit there:a#2"]


@pytest.mark.parametrize(
    ("strike", "reached"),
    [
        (Strike("there:a#2", "before", "MemoryError"), ["a", "b"]),
        (Strike("there:a#2", "after", "MemoryError"), ["a", "b", "a"]),
        (Strike(2, "before", "MemoryError"), ["a"]),
    ],
)
def test_a_strike_hits_what_it_names_and_once(tmp_path: Path, strike: Strike, reached: list[str]) -> None:
    crossings, found = Crossings(tmp_path / "trace", strike), list[str]()
    with pytest.raises(MemoryError):
        _cross(crossings, found, "a", "b", "a")
    assert found == reached
    _cross(crossings, found, "a", "b", "a")
    assert found == [*reached, "a", "b", "a"]
    assert (tmp_path / "trace").read_text().count("struck") == 1
