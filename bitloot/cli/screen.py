"""What commands print: sentences and tables for people, one JSON document for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

__all__ = ["as_json_option", "print_json", "say", "screen", "show_rows"]

as_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")

#: Columns when nobody looks: enough that no line of ours is folded.
WIDE = 120


def screen() -> Console:
    """Where text goes: in colour on a terminal, plain in a file or a pipe."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)


def say(sentence: str, *, mark: str = "✓", style: str = "green") -> None:
    """One line with a mark before it."""
    line = Text.from_markup(f"[{style}]{mark}[/] ") + Text(sentence)
    screen().print(line, soft_wrap=True)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_written))


def _written(value: Any) -> str:
    """What JSON has no word for: times as ISO 8601, amounts and ids as they are."""
    return value.isoformat() if isinstance(value, date) else str(value)


def show_rows(rows: Sequence[Mapping[str, Any]], *, numbers: Sequence[str] = (), empty: str) -> None:
    """A table with a column for each field of the first row; `empty` is said instead when there is none.

    On a narrow terminal texts are folded, never cut; an `id` stays whole, so that it can be copied, and so does a time.
    """
    if not rows:
        say(empty, mark="·", style="dim")
        return
    table = Table(box=None, pad_edge=False, header_style="bold dim")
    for name in rows[0]:
        kept = name == "id" or all(str(row[name]).endswith(" UTC") for row in rows)
        whole = max(len(str(row[name])) for row in rows) if kept else None
        side: Literal["left", "right"] = "right" if name in numbers else "left"
        heading = name.replace("_", " ")
        table.add_column(heading, justify=side, overflow="fold", min_width=whole, no_wrap=whole is not None)
    for row in rows:
        table.add_row(*("" if value is None else escape(str(value)) for value in row.values()))
    screen().print(table)
