"""`bitloot kpi`: how long from the payment to the key, and whose time it was."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bitloot.cli.opening import open_database
from bitloot.cli.screen import as_json_option, print_json, say, screen
from bitloot.cli.spans import parse_span, span
from db.kpi import MOST_DAYS, SHARES, Figures, Kpi, measure

__all__ = ["command", "document"]

WHOSE = {"ours": "ours", "both": "ours + their call", "supplier": "supplier's", "buyer": "buyer's"}

NEVER = "not reached"


@click.command("kpi")
@click.option("--since", "text", default="7d", show_default=True, help="How far back: 30m, 24h, 7d.")
@as_json_option
def command(text: str, as_json: bool) -> None:
    """Time to key: p50 and p95 of each phase, ours and the supplier's apart, misses included.

    Of the orders that were paid in this time. One that was paid and never delivered counts as endless, so that a p95
    may be "not reached"; so does one that is still under way.
    """
    back = parse_span(text)
    if back.total_seconds() > MOST_DAYS * 86_400:
        raise click.BadParameter(f"at most {MOST_DAYS}d", param_hint="--since")
    until = datetime.now(UTC)
    with open_database():
        kpi = measure(until - back, until)
    if as_json:
        print_json(document(kpi))
    else:
        show(screen(), kpi, text)


def document(kpi: Kpi) -> dict[str, Any]:
    """Seconds; null is "not reached"."""
    return {
        "since": kpi.since,
        "until": kpi.until,
        "orders": kpi.orders,
        "missed": kpi.missed,
        "states": dict(kpi.states),
        "within_seconds": dict(kpi.within),
        "time_to_key": asdict(kpi.total),
        "ours": asdict(kpi.ours),
        "supplier": asdict(kpi.supplier),
        "phases": [
            {"phase": phase.name, "whose": phase.whose, **asdict(phase.figures)} for phase in kpi.phases
        ],
    }


def show(console: Console, kpi: Kpi, text: str) -> None:
    if not kpi.orders:
        say(f"No order was paid in the last {text}.", mark="·", style="dim")
        return
    console.print()
    console.rule(f"[bold]Time to key[/], orders paid in the last {escape(text)}", align="left", style="dim")
    console.print(_standing(kpi))
    console.print(_table(kpi))
    soon = "  ".join(f"{kpi.within[share] / kpi.orders:.1%} [dim]within[/] {share} s" for share in SHARES)
    console.print(f"\n[dim]delivered[/]  {soon}")


def _standing(kpi: Kpi) -> str:
    states = ", ".join(f"{count} {escape(state)}" for state, count in kpi.states.items())
    misses = f"[bold red]{kpi.missed} not delivered[/]" if kpi.missed else "[green]all delivered[/]"
    return f"{kpi.orders} paid, {misses}  [dim]now: {states}[/]\n"


def _table(kpi: Kpi) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold dim", padding=(0, 2, 0, 0))
    for name in ("phase", "p50", "p95", "reached", "whose time"):
        table.add_column(name, justify="left" if name in {"phase", "whose time"} else "right", no_wrap=True)
    for phase in kpi.phases:
        _row(table, phase.name, phase.figures, WHOSE[phase.whose])
    table.add_section()
    _row(table, "[bold]payment to key[/]", kpi.total, "")
    _row(table, "  ours", kpi.ours, "")
    _row(table, "  the supplier's", kpi.supplier, "")
    return table


def _row(table: Table, name: str, figures: Figures, whose: str) -> None:
    reached = f"{figures.ended} of {figures.orders}"
    never = "–" if not figures.orders else NEVER
    table.add_row(name, span(figures.p50, never=never), span(figures.p95, never=never), reached, whose)
