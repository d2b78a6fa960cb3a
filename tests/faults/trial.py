"""One run of one row: what it may use, what it counts, and the judgement at its end."""

from __future__ import annotations

import random
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults.invariants import Evidence, lost_orders, violations
from tests.faults.load import Load
from tests.faults.patience import Patience
from tests.faults.plan import Row
from tests.faults.record import Record
from tests.faults.shop import FaultShop, open_shop
from tests.servers import Servers

__all__ = ["Trial", "run_row"]

#: Seconds between two words about how far a row is.
WORD_EVERY = 30.0

#: Seconds between two looks at how much of the machine is ours.
LOOK_EVERY = 3.0


@dataclass
class Trial:
    """What a row gets. `orders` is its scale; `chance` is seeded, so that a red run can be repeated.

    `with trial.shop(…) as shop:` opens the shop and judges it at the end of the block (I1–I9, canaries). One that is
    `lent` for several rows is judged after each of them as a whole, and searched for keys by its lender.
    """

    row: Row
    servers: Servers
    directory: Path
    seed: int
    full: bool
    say: Callable[[str], None] = lambda _: None
    lent: FaultShop | None = None
    record: Record = field(init=False)
    patience: Patience = field(default_factory=Patience, init=False)
    _load: Load | None = field(default=None, init=False)
    _kinds: Counter[str] = field(default_factory=Counter, init=False)
    _bites: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        self.record = Record(self.row.number, self.row.title, self.seed)
        self.chance = random.Random(self.seed)

    @property
    def orders(self) -> int:
        return self.row.full if self.full else self.row.short

    def own(self, seconds: float) -> float:
        """What a wait of this trial would have been on a machine of our own, by its mean share of this one."""
        return seconds * self.patience.share

    def bit(self, times: int = 1) -> None:
        """The fault really happened, so many times more."""
        with self._bites:
            self.record.bites += times

    def violation(self, text: str) -> None:
        self.record.violations.append(text)

    def note(self, name: str, value: object) -> None:
        """A figure worth showing below the table."""
        self.record.notes[name] = str(value)

    @contextmanager
    def shop(self, **options: Any) -> Iterator[FaultShop]:
        """See `tests.faults.shop.open_shop` for the options; settings in capitals go to the environment."""
        if self.lent is not None:
            yield self.lent
            self.add(self.lent.evidence())
            return
        number = len(list(self.directory.glob("shop-*"))) + 1
        directory = self.directory / f"shop-{number}"
        directory.mkdir()
        with open_shop(self.servers, directory, **options) as shop:
            yield shop
            self.judge(shop)

    def load(self, shop: FaultShop, orders: int | None = None, **how: Any) -> Load:
        """Buyers, begun already. Call `finish`, then `settle`."""
        self._load = Load(shop, self.orders if orders is None else orders, seed=self.seed, **how).start()
        return self._load

    def progress(self) -> str:
        """How far it is, for whoever waits."""
        load = self._load
        orders = f"{load.placed} orders placed, {load.rested} seen at rest, " if load else ""
        return f"{orders}{self.record.bites} bites, {len(self.record.violations)} violations"

    def settle(self, load: Load, *, within: float) -> float:
        """Waits for the buyers and for rest; `within` seconds without one more that rests are a violation (I10)."""
        load.finish()
        for failure in load.failures:
            self.violation(failure)
        took = load.settle(within)
        if load.at_rest() < len(load.sales):
            self.violation(
                f"I10 {len(load.sales) - load.at_rest()} orders are not at rest, and {within:g} s brought no more"
            )
        self.note("seconds to rest", f"{took:.1f}")
        return took

    def judge(self, shop: FaultShop) -> None:
        """Joins the ledgers with the tables and adds the figures to the record."""
        self.add(shop.evidence())
        self.record.violations += shop.plaintext_violations()

    def add(self, evidence: Evidence, only: frozenset[str] | None = None) -> None:
        """The figures and violations of one shop."""
        inside, record = evidence.inside, self.record
        record.orders += len(inside.states)
        record.fulfilled += sum(state == "fulfilled" for state in inside.states.values())
        self._kinds.update(kind for found in inside.cases.values() for kind in found)
        if self._kinds:
            self.note("cases", ", ".join(f"{count} {kind}" for kind, count in self._kinds.most_common()))
        record.cases += sum(bool(kinds) for kinds in inside.cases.values())
        record.charged_twice += len(evidence.outside.charged_more_than_once(inside.refs_by_line))
        lost = lost_orders(evidence)
        record.lost += len(lost)
        record.violations += [
            f"lost: order {order}, {inside.states.get(order, 'unknown here')}" for order in lost
        ]
        record.violations += violations(evidence, only)


def run_row(
    row: Row,
    servers: Servers,
    directory: Path,
    *,
    seed: int,
    full: bool,
    say: Callable[[str], None] = lambda _: None,
    raises: bool = False,
    lent: FaultShop | None = None,
) -> Record:
    """Runs it; whatever it raises is a violation, so that the other rows still run. `raises`: it is raised instead.

    `lent`: a house in which the row may run its short form, behind others; it brings what the row asks for.
    """
    trial = Trial(row, servers, directory, seed, full, say, lent)
    began = time.monotonic()
    try:
        with _telling(trial, began):
            row.run(trial)
    except Exception as error:
        if raises:
            raise
        trial.violation(f"{type(error).__name__}: {error}")
        say(traceback.format_exc())
    trial.note("share of the machine", f"{trial.patience.share:.2f}")
    trial.record.seconds = time.monotonic() - began
    trial.record.at = datetime.now(UTC).isoformat(timespec="seconds")
    return trial.record


@contextmanager
def _telling(trial: Trial, began: float) -> Iterator[None]:
    """Says every half minute how far the row is, and looks at the machine more often."""
    over = threading.Event()

    def tell() -> None:
        last = began
        while not over.wait(LOOK_EVERY):
            trial.patience.spent()
            if time.monotonic() - last >= WORD_EVERY:
                last = time.monotonic()
                trial.say(f"{last - began:.0f} s: {trial.progress()}")

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
