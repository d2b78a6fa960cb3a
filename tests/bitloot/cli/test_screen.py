"""Text for people, JSON for machines."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from uuid import UUID

import pytest

from bitloot.cli.screen import print_json, say, show_rows


def test_rows_become_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows(
        [{"sku": "moss", "max_cost": Decimal("1.50")}, {"sku": "[iron]", "max_cost": None}], empty="none"
    )
    assert capsys.readouterr().out.splitlines() == [
        "sku     max cost",
        "moss    1.50    ",
        "[iron]          ",
    ]


def test_no_rows_are_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows([], empty="Nothing is sold yet.")
    assert capsys.readouterr().out == "· Nothing is sold yet.\n"


def test_a_long_sentence_is_not_folded_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    say("x" * 500)
    assert capsys.readouterr().out == f"✓ {'x' * 500}\n"


def test_names_in_brackets_are_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    say("sold [bold]one[/]")
    assert capsys.readouterr().out == "✓ sold [bold]one[/]\n"


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"price": Decimal("1.50"), "name": "Zażółć"})
    assert json.loads(capsys.readouterr().out) == {"price": "1.50", "name": "Zażółć"}


LONG = {
    "id": UUID("c0d58667-0000-4000-8000-000000000000"),
    "at": "2026-11-22 02:00:00 UTC",
    "source": "nowpayments",
    "what": "two words and more of them",
    "repeats": 0,
}


def at_a_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for name, value in {"COLUMNS": str(columns), "LINES": "25", "TERM": "dumb"}.items():
        monkeypatch.setenv(name, value)


def test_in_a_pipe_a_row_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows([{"at": "2026-11-22 02:00:00 UTC", "what": "x" * 300}], empty="")
    assert capsys.readouterr().out.splitlines()[1] == f"2026-11-22 02:00:00  {'x' * 300}"


def test_a_narrow_terminal_folds_between_words_and_leaves_out_what_is_spare(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_a_terminal(monkeypatch, 54)
    show_rows([LONG], spare=("repeats",), empty="")
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "id        at UTC               source       what",
        "c0d58667  2026-11-22 02:00:00  nowpayments  two words",
        "                                            and more",
        "                                            of them",
        "· Not in so narrow a window: repeats.",
    ]


def test_where_nothing_else_helps_a_word_is_folded_but_no_id_and_no_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_a_terminal(monkeypatch, 50)
    show_rows([LONG], spare=("repeats",), empty="")
    out = capsys.readouterr().out
    assert "c0d58667  2026-11-22 02:00:00  nowpayme" in out
    assert max(map(len, out.splitlines())) <= 50
