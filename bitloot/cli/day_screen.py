"""How the proof of a day looks: each supplier's sums beside ours, then what does not agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from bitloot.cli.day_check import Found, SupplierDay
from db.day import Sums
from db.differences import Difference

__all__ = ["show_day"]


def show_day(
    console: Console, day: date, over: bool, suppliers: Sequence[SupplierDay], unasked: Mapping[str, str]
) -> None:
    console.print()
    ends = "" if over else ", [yellow]not over yet[/]"
    console.rule(f"[bold]{day:%A, %d %B %Y}[/] (UTC){ends}", align="left", style="dim")
    for name, why in unasked.items():
        console.print(f"\n[bold]{escape(name)}[/]  [bold red]✗[/] {escape(why)}")
    for supplier in suppliers:
        _supplier(console, supplier)


def _supplier(console: Console, day: SupplierDay) -> None:
    way = "asked for each of our purchases" if day.blind else "its own list and our ledger, both ways"
    console.print(f"\n[bold]{escape(day.supplier)}[/]  [dim]{way}[/]")
    console.print(_sums(day))
    if day.asked:
        console.print(f"  [dim]{day.asked} asked for by id.[/]")
    if day.blind:
        console.print(_marked([("[yellow]![/]", Text(day.blind))]))
    if not day.wrong:
        console.print(f"  [green]✓[/] {'Of what was asked for nothing' if day.blind else 'Nothing'} differs.")
    _differences(console, day.wrong, "[bold red]✗[/]")
    _differences(console, day.harmless, "[dim]·[/]")


def _sums(day: SupplierDay) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold dim", padding=(0, 3, 0, 0))
    for name in ("", "orders", "keys", "amount"):
        table.add_column(name, justify="right" if name else "left")
    nothing = [Sums(0, 0, Decimal(0), "")]
    for sums in () if day.blind else day.theirs or nothing:
        table.add_row("  there, charged", str(sums.orders), str(sums.keys), _amount(sums))
    for sums in day.ours or nothing:
        table.add_row("  here, bought", str(sums.orders), str(sums.keys), _amount(sums, "at most "))
    return table


def _amount(sums: Sums, before: str = "") -> str:
    return f"{before}{sums.amount:.2f} {sums.currency.upper()}".strip() if sums.orders else "–"


def _differences(console: Console, found: Sequence[Found], mark: str) -> None:
    """A line for each: what it is, then by which names to look for it."""
    if not found:
        return
    console.print(_marked([(mark, _text(difference)) for difference, _ in found]))
    for kind, many in {item.kind: many for item, many in found}.items():
        named = sum(item.kind == kind for item, _ in found)
        if many > named:
            console.print(f"    [dim]… and {many - named} more of the kind {kind}[/]")


def _text(difference: Difference) -> Text:
    names = {
        "there": difference.supplier_ref,
        "our reference": difference.purchase_ref,
        "order": difference.order_id,
    }
    known = escape(", ".join(f"{name} {value}" for name, value in names.items() if value))
    return Text.from_markup(f"{escape(difference.what)}\n[dim]{known}[/]")


def _marked(rows: Sequence[tuple[str, Text]]) -> Table:
    """Texts that fold beside their marks."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for mark, text in rows:
        table.add_row(f"  {mark}", text)
    return table
