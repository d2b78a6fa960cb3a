"""F17: a process of ours takes a row and vanishes without a word: its connection is half open, its lock stays."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bitloot.engines.crew import ROOT
from tests.faults.ear import Ear
from tests.faults.patience import Patience, until
from tests.faults.plan import row
from tests.faults.proxy import Proxy
from tests.faults.shop import FaultShop
from tests.faults.trial import Trial
from tests.faults.wire import port_of, through

__all__ = ["half_open"]

#: Within so many seconds the lock is gone, and the relay has told what waited behind the open transaction.
LONGEST = 20.0

#: Less than this (seconds) hurts nobody, and is no bite.
FELT = 2.0


@row("F17", "half-open: a client vanishes with a row lock", short=3, full=150)
def half_open(trial: Trial) -> None:
    """A bite is a vanished process behind which the relay fell back, since nothing that is committed later may be told
    before it ends. Three of them in the full form, one after another, each for as long as the database lets it."""
    with trial.shop() as shop:
        ear = Ear(shop).start()
        load = trial.load(shop, pace=6.0 if trial.full else 0.5)
        for _ in range(3 if trial.full else 1):
            _vanish(trial, shop, ear)
        load.hurry()
        trial.settle(load, within=60)
        until(lambda: not _behind(shop, ear), seconds=5, what="a relay that told all")
        ear.stop()
        trial.record.violations += ear.violations(shop.evidence())


def _vanish(trial: Trial, shop: FaultShop, ear: Ear) -> None:
    """It holds the row of an order that is paid meanwhile, as another one is; how far the relay fell back behind it."""
    sales = [shop.order(("orbit-drifters", 1), ("tin-parade", 1)) for _ in range(2)]
    with _held_by_nobody(shop, sales[0].order_id) as backend:
        for sale in sales:
            shop.pay(sale)
        patience, lag = Patience(), 0.0
        while (there := _there(shop, backend)) or trial.own(_behind(shop, ear)) > FELT:
            lag = max(lag, _behind(shop, ear))
            if patience.spent() > LONGEST + FELT:
                what = "its lock is held" if there else "the relay is behind"
                trial.violation(f"I10 {LONGEST:g} s after a client vanished {what}")
                break
            time.sleep(0.05)
    trial.note("longest lag of the relay in seconds", f"{lag:.1f}")
    trial.bit(lag > FELT)
    if trial.own(lag) > LONGEST:
        trial.violation(f"I12 the relay was {lag:.0f} s behind")
    for sale in sales:
        until(lambda: shop.state(sale) == "fulfilled", seconds=60, what="what waited for the lock")  # noqa: B023


@contextmanager
def _held_by_nobody(shop: FaultShop, order_id: str) -> Iterator[int]:
    """The backend of a process that is gone, and of which the database did not hear."""
    with Proxy(port_of(shop.settings.database_url.get_secret_value())) as proxy:
        environ = {**shop.told, **through("DATABASE_URL", proxy.port)(shop.told)}
        command = [sys.executable, "-m", "tests.faults.holder", order_id]
        holder = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert holder.stdout is not None
        try:
            backend = int(holder.stdout.readline())
            proxy.clog()
        finally:
            holder.kill()
            holder.communicate()
        yield backend


def _there(shop: FaultShop, backend: int) -> bool:
    return bool(shop.rows("SELECT 1 FROM pg_stat_activity WHERE pid = %s", backend))


def _behind(shop: FaultShop, ear: Ear) -> float:
    """For how long (seconds) the oldest of the moves that are committed and not heard waits; 0 for none."""
    heard = {(order, seq) for order, seqs in list(ear.heard.items()) for seq in list(seqs)}
    moves = shop.rows(
        "SELECT order_id::text, seq, extract(epoch FROM clock_timestamp() - at)::float8 FROM moves"
    )
    return max((age for order, seq, age in moves if (order, seq) not in heard), default=0.0)
