"""Text for people, JSON for machines."""

from __future__ import annotations

import json
from decimal import Decimal

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


def test_a_time_stays_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows([{"at": "2026-11-22 02:00:00 UTC", "what": "x" * 300}], empty="")
    assert "2026-11-22 02:00:00 UTC" in capsys.readouterr().out
