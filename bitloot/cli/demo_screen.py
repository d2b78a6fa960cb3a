"""How the demo looks: each thing as it happens, then the sums."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bitloot.cli.plaintext import FORMS, Finding
from bitloot.cli.relay_watch import Heard
from bitloot.cli.sale import Sale, Teller
from bitloot.cli.shopper import Letter

__all__ = ["DemoScreen"]

#: A move's colour by where it leads.
COLOURS = {"paid": "cyan", "waiting": "yellow", "ready": "blue", "fulfilled": "bold green"}


class DemoScreen(Teller):
    """Prints to `console`; nothing is kept but the moment at which the current sale was paid."""

    def __init__(self, console: Console, objects: Path) -> None:
        self._console = console
        self._objects = objects
        self._first: datetime | None = None

    def heading(self, text: str) -> None:
        self._console.print()
        self._console.rule(f"[bold]{escape(text)}[/]", align="left", style="dim")

    def done(self, sentence: str) -> None:
        self._line("[green]✓[/]", escape(sentence))

    def ordered(self, sale: Sale) -> None:
        self.heading(sale.title)
        self._first = None
        payment = sale.payment
        self._line("order", f"[bold]{sale.order_id}[/]  {sale.price}")
        self._line("pay", f"{payment['payAmount']} {payment['payCurrency']} → {payment['payAddress']}")

    def moved(self, sale: Sale, heard: Heard) -> None:
        self._first = self._first or heard.happened_at
        after = (heard.happened_at - self._first).total_seconds()
        src, dst = heard.event.data.get("src"), str(heard.event.data.get("dst"))
        arrow = f"{src or '·'} → [{COLOURS.get(dst, 'red')}]{dst}[/]"
        gap = " " * max(1, 22 - len(f"{src or '·'} → {dst}"))
        self._line(
            f"+{after * 1000:.0f} ms",
            f"{arrow}{gap}[dim]live:[/] {heard.event.type:<23}[dim]heard {heard.behind * 1000:.0f} ms later[/]",
        )

    def mailed(self, sale: Sale, letter: Letter) -> None:
        link, _, _ = letter.link.partition("#")
        self._line("mail", f"“{escape(letter.subject)}” to {escape(letter.to)}")
        self._line("", f"[dim]a link and no key:[/] {link}[dim]#…[/]")

    def revealed(self, sale: Sale) -> None:
        for key in sale.keys:
            shown = (
                escape(key.text) if key.text is not None else f"({key.media_type}, {len(key.content)} bytes)"
            )
            self._line("reveal", f"{escape(key.game)}  [bold green]{shown}[/]")

    def settled(self, sale: Sale) -> None:
        for sealed in sale.objects:
            self._line(
                "sealed", f"{self._objects.name}/{sealed.name}  [dim]{sealed.size} bytes, AES-256-GCM[/]"
            )

    def sums(self, sales: Sequence[Sale]) -> None:
        self.heading("Time to key: from the confirmed payment to the sealed keys")
        table = Table(box=None, pad_edge=False, header_style="bold dim")
        for name in ("sale", "keys", "total", "ours", "supplier's", "charged"):
            table.add_column(name, justify="left" if name == "sale" else "right")
        for sale in sales:
            assert sale.times is not None  # noqa: S101  # every sale was settled
            times = [
                f"{seconds * 1000:.0f} ms"
                for seconds in (sale.times.total, sale.times.ours, sale.times.supplier)
            ]
            counts = "once" if set(sale.charged.values()) == {1} else str(sorted(sale.charged.values()))
            table.add_row(escape(sale.title), str(len(sale.keys)), *times, counts)
        self._console.print(table)

    def searched(self, findings: Sequence[Finding], needles: int) -> None:
        self.heading(f"Search for {needles} keys in plain, wherever something lies at rest")
        table = Table(box=None, pad_edge=False, header_style="bold dim")
        for name, justify in (
            ("place", "left"),
            ("searched", "right"),
            ("keys found", "right"),
            ("control", "left"),
        ):
            table.add_column(name, justify=justify)  # type: ignore[arg-type]
        for finding in findings:
            found = "[green]none[/]" if finding.clean else f"[bold red]{', '.join(finding.hits)}[/]"
            control = "[green]found in every form[/]" if finding.works else "[bold red]missed[/]"
            table.add_row(finding.haystack, _size(finding.size), found, control)
        self._console.print(table)
        self._console.print(
            f"[dim]Forms: {', '.join(FORMS)}. The control is a text planted in each place.[/]"
        )

    def verdict(self, checks: Sequence[tuple[str, bool]], seconds: float, folder: Path) -> None:
        self.heading("Verdict")
        for sentence, holds in checks:
            self._line("[green]✓[/]" if holds else "[bold red]✗[/]", escape(sentence))
        self._console.print(
            f"\n[dim]{seconds:.1f} s. Objects, letters and logs to look at: {folder}[/]", soft_wrap=True
        )

    def _line(self, label: str, text: str) -> None:
        width = 9 - (1 if label.startswith("[") else len(label))
        label = label if label.startswith("[") else f"[dim]{label}[/]"
        self._console.print(f" {' ' * max(0, width)}{label}  {text}", soft_wrap=True)


def _size(count: int) -> str:
    """Bytes as people read them."""
    return f"{count / 2**20:.1f} MiB" if count >= 2**20 else f"{count / 1024:.1f} KiB"
