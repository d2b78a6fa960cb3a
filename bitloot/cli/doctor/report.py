"""What the doctor found: lines for people, one document for machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bitloot.cli.doctor.finding import Finding, State

__all__ = ["document", "show"]

MARKS = {
    State.OK: "[green]✓[/]",
    State.WARNING: "[bold yellow]![/]",
    State.PROBLEM: "[bold red]✗[/]",
    State.OFF: "[dim]·[/]",
}

#: Columns of the mark and the part's name.
LEAD = 24


def document(findings: Sequence[Finding], *, well: bool) -> dict[str, Any]:
    """`ok` as the exit code says it; each finding with its own."""
    counted = Counter(finding.state for finding in findings)
    return {
        "ok": well,
        "warnings": counted[State.WARNING],
        "problems": counted[State.PROBLEM],
        "findings": [
            {
                "part": finding.part,
                "state": finding.state,
                "ok": finding.ok,
                "answer": finding.answer,
                "todo": finding.todo,
                "ms": finding.ms,
            }
            for finding in findings
        ],
    }


def show(console: Console, findings: Sequence[Finding], *, nothing: bool) -> None:
    """`nothing`: no shop is set up here, so that the way to one is told as well."""
    for finding in findings:
        took = f" [dim]{finding.ms:.0f} ms[/]" if finding.state is State.OK and finding.ms >= 1 else ""
        style = "dim" if finding.state is State.OFF else ""
        first, *more = finding.answer.splitlines()
        _line(console, f"{MARKS[finding.state]} {escape(finding.part):<22}", f"{_styled(first, style)}{took}")
        for reason in more:
            _line(console, " " * LEAD, _styled(reason, style))
        for step in finding.todo.splitlines():
            _line(console, " " * LEAD, f"[cyan]→[/] {escape(step)}")
    console.print(f"\n{_sum(findings)}")
    if nothing:
        console.print(
            "\nNo shop is set up here, and none runs. [bold]bitloot up[/] runs one for development,\n"
            "with engines and stand-ins; [bold]bitloot demo[/] shows one. For your own see .env.example."
        )


def _styled(text: str, style: str) -> str:
    return f"[{style}]{escape(text)}[/]" if style else escape(text)


def _sum(findings: Sequence[Finding]) -> str:
    counted = Counter(finding.state for finding in findings)
    parts = [f"[green]{counted[State.OK]} well[/]"]
    for state, style, word in ((State.WARNING, "yellow", "warning"), (State.PROBLEM, "red", "problem")):
        if number := counted[state]:
            parts.append(f"[bold {style}]{number} {word}{'s' if number > 1 else ''}[/]")
    return ", ".join(parts) + "."


def _line(console: Console, lead: str, text: str) -> None:
    """Long texts fold below themselves where somebody looks, and stay one line for programs."""
    if not console.is_terminal:
        console.print(f"{lead}{text}", soft_wrap=True)
        return
    table = Table.grid()
    table.add_column(width=LEAD, no_wrap=True)
    table.add_column()
    table.add_row(lead, text)
    console.print(table)
