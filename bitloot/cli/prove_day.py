"""`bitloot prove day`: the suppliers' own books beside ours, for one day."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import click
from rich.console import Console

from bitloot.cli.day_check import SupplierDay, check_day
from bitloot.cli.day_screen import show_day
from bitloot.cli.opening import open_database
from bitloot.cli.screen import as_json_option, print_json, screen
from bitloot.cli.spans import parse_day
from bitloot.errors import BitLootError
from bitloot.settings import Settings
from bitloot.suppliers import open_suppliers
from db.day import suppliers_of

__all__ = ["Day", "document", "prove_day", "run_day"]


@dataclass(frozen=True)
class Day:
    """`unasked`: suppliers that could not be asked, and why."""

    date: date
    over: bool
    suppliers: Sequence[SupplierDay]
    unasked: dict[str, str]

    @property
    def agrees(self) -> bool:
        return not self.unasked and not any(day.wrong for day in self.suppliers)

    @property
    def reason(self) -> str:
        """One line."""
        for name, why in self.unasked.items():
            return f"{name}: {why}"
        for day in self.suppliers:
            if day.wrong:
                first, *others = kinds(day)
                more = (
                    f"; and {len(others)} other kind{'s' if len(others) > 1 else ''} of difference"
                    if others
                    else ""
                )
                return f"{day.supplier}: {first}{more}."
        if not self.blind:
            return "Both sides agree."
        names = " and ".join(self.blind)
        return (
            f"Nothing differs in what was compared. Of {names} there is no list: only our own purchases were asked"
            " for there, so what it may have sold beside them was not compared."
        )

    @property
    def blind(self) -> list[str]:
        """Suppliers of which only our own purchases could be asked."""
        return [day.supplier for day in self.suppliers if day.blind]


@click.command("day", short_help="Compare a day with the suppliers' own lists.")
@click.argument("day", metavar="[DATE]", required=False)
@as_json_option
def prove_day(day: str | None, as_json: bool) -> int:
    """Compare the suppliers' own lists of DATE (UTC; yesterday if not given) with our ledger, both ways.

    Exit code 0: both sides agree; 1: they do not, or a supplier could not be asked, and the last line says why.
    """
    wanted = parse_day(day)
    if wanted > datetime.now(UTC).date():
        raise click.BadParameter("that day has not begun", param_hint="DATE")
    with open_database() as settings, _progress() as told:
        result = run_day(settings, wanted, told)
    if as_json:
        print_json(document(result))
    else:
        show_day(screen(), result.date, result.over, result.suppliers, result.unasked)
        _verdict(result)
    return 0 if result.agrees else 1


def run_day(settings: Settings, day: date, told: Callable[[str], None] = lambda _: None) -> Day:
    """Asks every supplier that the settings name. Needs a connection scope."""
    since = datetime.combine(day, time(), UTC)
    until = since + timedelta(days=1)
    suppliers = open_suppliers(settings)
    compared, unasked = [], {}
    for name, count in suppliers_of(since, until, list(suppliers)).items():
        unasked[name] = f"{count} of our purchases are there, and it is not set up."
    for name, supplier in suppliers.items():
        try:
            compared.append(check_day(supplier, since, until, told))
        except BitLootError as error:
            unasked[name] = f"could not be asked ({error.code})."
    return Day(day, until <= datetime.now(UTC), compared, unasked)


def kinds(day: SupplierDay) -> list[str]:
    """Each kind of difference once, with its number and the first that shows it."""
    counts: Counter[str] = Counter()
    first: dict[str, str] = {}
    for difference, many in day.wrong:
        counts[difference.kind] = max(many, counts[difference.kind] + (many == 1))
        first.setdefault(
            difference.kind, f"{difference.what} ({difference.supplier_ref or difference.purchase_ref})"
        )
    return [f"{counts[kind]} × {text}" for kind, text in first.items()]


def document(day: Day) -> dict[str, Any]:
    """The same for machines."""
    return {
        "date": day.date,
        "over": day.over,
        "agrees": day.agrees,
        "reason": day.reason,
        "suppliers": [
            {
                "supplier": item.supplier,
                "there": [asdict(sums) for sums in item.theirs],
                "here": [asdict(sums) for sums in item.ours],
                "asked_by_id": item.asked,
                "cannot_be_seen": item.blind,
                "differences": [asdict(found) | {"of_this_kind": many} for found, many in item.found],
            }
            for item in day.suppliers
        ],
        "unasked": day.unasked,
    }


def _verdict(day: Day) -> None:
    mark = "[bold red]✗[/]" if not day.agrees else "[yellow]![/]" if day.blind else "[green]✓[/]"
    console = screen()
    console.print(f"\n{mark} ", end="")
    console.print(day.reason, markup=False, soft_wrap=True)


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Where somebody looks, a line that says how far it is; otherwise silence."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with Console(stderr=True).status("asking the suppliers") as status:
        yield status.update
