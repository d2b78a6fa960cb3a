"""What commands print: sentences and tables for people, one JSON document for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

import click
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from bitloot.cli.ids import SHORT

__all__ = ["as_json_option", "print_json", "say", "screen", "show_rows"]

as_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document instead of text.")

#: Columns when nobody looks: enough that no line of ours is folded.
WIDE = 120

#: Blanks between two columns of a table.
GAP = 2

#: How times end; said once, over their column.
ZONE = " UTC"


class _Screen(Console):
    def on_broken_pipe(self) -> None:
        """`root.main` knows what to do, for all that is printed."""
        raise BrokenPipeError


def screen(least: int = WIDE) -> Console:
    """Where text goes: in colour on a terminal; plain in a file or a pipe, which are `least` columns wide."""
    return _Screen(highlight=False, width=None if sys.stdout.isatty() else max(WIDE, least))


def say(sentence: str, *, mark: str = "✓", style: str = "green") -> None:
    """One line with a mark before it."""
    line = Text.from_markup(f"[{style}]{mark}[/] ") + Text(sentence)
    screen().print(line, soft_wrap=True)


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_written))


def _written(value: Any) -> str:
    """What JSON has no word for: times as ISO 8601, amounts and ids as they are."""
    return value.isoformat() if isinstance(value, date) else str(value)


def show_rows(
    rows: Sequence[Mapping[str, Any]], *, numbers: Sequence[str] = (), spare: Sequence[str] = (), empty: str
) -> None:
    """A table with a column for each field of the first row; `empty` is said instead when there is none.

    An id is shown by its first digits, which all commands take, and a time of day by UTC as its heading says. Texts are
    folded between words. On a terminal too narrow for that the columns `spare` are left out, the first one first; in a
    pipe a row is a line.
    """
    if not rows:
        say(empty, mark="·", style="dim")
        return
    columns = [_column(name, [row[name] for row in rows], name in numbers) for name in rows[0]]
    console = screen(_width([column.widest for column in columns]))
    left_out: list[str] = []
    for name in spare:
        if _width([column.least for column in columns]) <= console.width:
            break
        columns = [column for column in columns if column.name != name]
        left_out.append(_heading(name))
    console.print(_table(columns, console.width))
    if left_out:
        say(f"Not in so narrow a window: {', '.join(left_out)}.", mark="·", style="dim")


@dataclass(frozen=True)
class _Column:
    """`least` is the width of its longest word, `widest` that of its longest cell, headings counted."""

    name: str
    heading: str
    cells: list[str]
    least: int
    widest: int
    right: bool
    time: bool


def _column(name: str, values: Sequence[Any], right: bool) -> _Column:
    cells = [_cell(value) for value in values]
    heading = _heading(name)
    time = all(cell.endswith(ZONE) for cell in cells)
    if time:
        cells, heading = [cell.removesuffix(ZONE) for cell in cells], heading + ZONE
        words = [*cells, *heading.split()]
    else:
        words = [word for cell in (heading, *cells) for word in cell.split()]
    widest = max(map(cell_len, (heading, *cells)))
    return _Column(name, heading, cells, max(map(cell_len, words), default=0), widest, right, time)


def _heading(name: str) -> str:
    return name.replace("_", " ")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value)[:SHORT] if isinstance(value, UUID) else str(value)


def _width(columns: Sequence[int]) -> int:
    """Of a table with columns of these widths."""
    return sum(columns) + GAP * (len(columns) - 1)


def _table(columns: Sequence[_Column], room: int) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold dim")
    for column, width in zip(columns, _fitted(columns, room), strict=True):
        side: Literal["left", "right"] = "right" if column.right else "left"
        table.add_column(column.heading, justify=side, overflow="fold", width=width)
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*map(escape, row))
    return table


def _fitted(columns: Sequence[_Column], room: int) -> list[int]:
    """A width for each column. What is too wide gives way between its words, and only then within them; ids and times
    never do."""
    widths = [column.widest for column in columns]
    for _ in range(max(0, _width(widths) - room)):
        soft = [n for n, column in enumerate(columns) if widths[n] > SHORT and not column.time]
        if not soft:
            break
        widths[max(soft, key=lambda n: (widths[n] > columns[n].least, widths[n]))] -= 1
    return widths
