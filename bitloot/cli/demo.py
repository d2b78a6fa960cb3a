"""`bitloot demo`: sells keys on real engines and shows that everything promised about them is true."""

from __future__ import annotations

import io
import os
import secrets
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import click
from rich.console import Console

from bitloot.cli.demo_screen import DemoScreen
from bitloot.cli.house import House
from bitloot.cli.places import places, planted
from bitloot.cli.plaintext import FORMS, Finding, search
from bitloot.cli.sale import Sale, sell
from bitloot.cli.screen import as_json_option, print_json, screen
from bitloot.cli.shopper import letters_of
from bitloot.engines.lock import hold, release
from bitloot.engines.postgres import PostgresEngine
from bitloot.settings import Settings
from web.standins.ledger import plaintext_keys

__all__ = ["Story", "command", "sales"]

#: What every order of the demo must pass, in this order.
WAY = ["created", "paid", "waiting", "ready", "fulfilled"]


def sales() -> list[Sale]:
    """A key of each dialect, then an order with a line at each supplier."""
    return [
        Sale("1 · A key from Kinguin", [("orbit-drifters", 1)]),
        Sale("2 · A key from the reservation dialect", [("tin-parade", 1)]),
        Sale("3 · One order, two lines, both suppliers", [("moss-and-iron", 2), ("saltwater-kings", 1)]),
    ]


@dataclass
class Story:
    """Everything that the demo did."""

    sales: list[Sale] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    needles: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def checks(self) -> list[tuple[str, bool]]:
        """Each promise and whether it held. The keys are compared with the suppliers' books, not with our own."""
        revealed = [key.text for sale in self.sales for key in sale.keys]
        expected = sum(sale.expected_keys for sale in self.sales)
        return [
            (
                f"{len(self.sales)} orders went {' → '.join(WAY)}, and nowhere else",
                all(map(_went_the_way, self.sales)),
            ),
            ("a relay client heard each move once, in order", all(map(_heard_all, self.sales))),
            (
                "every purchase was charged once, say the suppliers' books",
                all(map(_charged_once, self.sales)),
            ),
            (
                f"{expected} keys were revealed, exactly those that the suppliers sold",
                len(revealed) == expected and sorted(map(str, revealed)) == sorted(self.needles),
            ),
            (
                f"each of {sum(len(sale.letters) for sale in self.sales)} letters carries a link and no key",
                all(map(self._letters_are_clean, self.sales)),
            ),
            (
                "every key lies sealed in the store",
                all(len(s.objects) == s.expected_keys for s in self.sales),
            ),
            (
                "no key lies in plain anywhere that is ours",
                bool(self.needles) and all(f.clean for f in self.findings),
            ),
            (
                f"the search works: the control was found in all {len(FORMS)} forms",
                all(f.works for f in self.findings),
            ),
        ]

    def _letters_are_clean(self, sale: Sale) -> bool:
        """All that a sale sent, not only the one with the keys' link, which must be among them."""
        return sale.letter in sale.letters and all(
            letter.link and not any(needle in letter.text for needle in self.needles)
            for letter in sale.letters
        )


@click.command("demo")
@as_json_option
def command(as_json: bool) -> int:
    """Sell a key of each kind on real engines, show each step, and prove that no key lies in plain anywhere."""
    signal.signal(signal.SIGTERM, _interrupt)
    folder = Path(os.environ.get("STATE_DIR") or ".bitloot").absolute() / "demo"
    lock = hold(folder.with_suffix(".lock"), "A demo")  # each begins by clearing what the last one left
    try:
        return _run(folder, as_json=as_json)
    finally:
        release(lock)


def _run(folder: Path, *, as_json: bool) -> int:
    began = time.monotonic()
    _clear(folder)
    console = Console(file=io.StringIO()) if as_json else screen()
    show = DemoScreen(console, folder / "objects")
    house = House(folder, any_ports=True, given=_given())
    show.heading("BitLoot sells three orders")
    story = Story()
    try:
        house.open(show.done)
        _tell(house, story, show)
    finally:
        house.close()
        _clear_engines(folder)
    for sale in story.sales:  # once nobody writes any more
        sale.letters = letters_of(house.settings.mail_directory, sale.order_id)
    story.seconds = time.monotonic() - began
    checks = story.checks()
    show.verdict(checks, story.seconds, folder)
    if as_json:
        print_json(_document(story, checks))
    return 0 if all(holds for _, holds in checks) else 1


def _tell(house: House, story: Story, show: DemoScreen) -> None:
    for number, sale in enumerate(sales(), start=1):
        sell(sale, house.settings, f"buyer-{number}@example.com", "btc", show)
        story.sales.append(sale)
    show.sums(story.sales)
    story.needles = _sold(house.settings)
    control = f"CONTROL-{secrets.token_hex(16)}"
    with planted(house, control):
        story.findings = search(places(house), story.needles, control)
    show.searched(story.findings, len(story.needles))


def _sold(settings: Settings) -> list[str]:
    return plaintext_keys(settings.state_dir / "standins")


def _went_the_way(sale: Sale) -> bool:
    return [move["dst"] for move in sale.moves] == WAY


def _heard_all(sale: Sale) -> bool:
    """From the payment on; the order was placed before the client could know its id."""
    return [heard.event.data.get("dst") for heard in sale.heard] == WAY[1:]


def _charged_once(sale: Sale) -> bool:
    return len(sale.charged) == len(sale.items) and set(sale.charged.values()) == {1}


def _given() -> dict[str, str]:
    """The environment without what would make this another shop than the demo's own."""
    own = {"STATE_DIR", "STORE", "STORE_DIRECTORY", "MAILER", "MAIL_DIRECTORY", "STANDINS", "QUEUE_NAMESPACE"}
    return {name: value for name, value in os.environ.items() if name not in own}


def _clear(folder: Path) -> None:
    """Every demo begins with nothing, and leaves what it made to look at."""
    _clear_engines(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _clear_engines(folder: Path) -> None:
    """The servers' files, which for root may lie elsewhere; what the shop wrote beside them stays to look at."""
    if (folder / "postgres").exists():
        PostgresEngine(folder / "postgres").remove()
    shutil.rmtree(folder / "valkey", ignore_errors=True)


def _document(story: Story, checks: Sequence[tuple[str, bool]]) -> dict[str, Any]:
    return {
        "ok": all(holds for _, holds in checks),
        "seconds": round(story.seconds, 2),
        "checks": [{"promise": sentence, "holds": holds} for sentence, holds in checks],
        "sales": [_sale_document(sale) for sale in story.sales],
        "search": [
            {
                "place": finding.haystack,
                "bytes": finding.size,
                "hits": finding.hits,
                "control_found_in": sorted(finding.control),
            }
            for finding in story.findings
        ],
    }


def _sale_document(sale: Sale) -> dict[str, Any]:
    assert sale.times is not None  # noqa: S101  # every sale was settled
    ms: Callable[[float], float] = lambda seconds: round(seconds * 1000, 1)  # noqa: E731
    return {
        "title": sale.title,
        "order": sale.order_id,
        "moves": [{name: move[name] for name in ("seq", "src", "dst", "at")} for move in sale.moves],
        "live": [{"type": h.event.type, "seq": h.event.seq, "behind_ms": ms(h.behind)} for h in sale.heard],
        "letter": sale.letter.subject if sale.letter else None,
        "letters": [letter.kind for letter in sale.letters],
        "keys_revealed": len(sale.keys),
        "objects": [{"name": sealed.name, "bytes": sealed.size} for sealed in sale.objects],
        "time_to_key_ms": {
            "total": ms(sale.times.total),
            "ours": ms(sale.times.ours),
            "supplier": ms(sale.times.supplier),
        },
        "charged": sale.charged,
    }


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
