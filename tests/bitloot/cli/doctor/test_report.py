"""How findings are told."""

from __future__ import annotations

import io

from rich.console import Console

from bitloot.cli.doctor.finding import Finding, State
from bitloot.cli.doctor.report import document, show

FINDINGS = [
    Finding(State.OK, "Answers.", "", "redis", 3.2),
    Finding(State.WARNING, "Not known.", "Set BACKUP_MARK.", "backup", 0.1),
    Finding(State.PROBLEM, "2 things:\n• [one]\n• two", "Mend them.", "settings", 1.0),
    Finding(State.OFF, "Off.", "", "supplier kinguin", 0.1),
]


def told(width: int = 80, *, terminal: bool = True) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=width, color_system=None, highlight=False)
    show(console, FINDINGS, nothing=False)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_each_part_has_a_mark_an_answer_and_what_to_do() -> None:
    assert told() == [
        "✓ redis                 Answers. 3 ms",
        "! backup                Not known.",
        "                        → Set BACKUP_MARK.",
        "✗ settings              2 things:",
        "                        • [one]",
        "                        • two",
        "                        → Mend them.",
        "· supplier kinguin      Off.",
        "",
        "1 well, 1 warning, 1 problem.",
    ]


def test_programs_get_one_line_for_each_thing_however_narrow() -> None:
    assert told(30, terminal=False) == told(80)


def test_machines_get_counts_and_every_finding() -> None:
    said = document(FINDINGS, well=False)
    assert (said["ok"], said["warnings"], said["problems"]) == (False, 1, 1)
    assert [finding["ok"] for finding in said["findings"]] == [True, True, False, True]
    assert said["findings"][1]["todo"] == "Set BACKUP_MARK."
