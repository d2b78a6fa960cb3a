"""F13: a worker is frozen in the middle of a supplier call and thaws when its lease is long over."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bitloot.engines.process import Process
from tests.faults.logbook import entries
from tests.faults.patience import until
from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.strangers import misbehaving
from tests.faults.trial import Trial

__all__ = ["frozen_worker"]

#: A call takes longer than a worker needs to be caught in it, and less than it may; seconds.
CALL, TIMES = 1.5, {"SUPPLIER_TIMEOUT": "2", "PURCHASE_LEASE": "3"}

THREADS = 4

#: Seconds of a freeze: beyond the lease, a look by the other worker included; and beyond the 60 s after which the
#: messages of a worker count as orphaned.
BEYOND_LEASE, BEYOND_HEARTBEAT = 8.0, 75.0


@row("F13", "worker frozen in a supplier call, then thawed", short=12, full=200)
def frozen_worker(trial: Trial) -> None:
    """A bite is a write of a thawed worker that its row refused, since somebody else had gone on meanwhile.

    The plan's 75 s are for a lease of 60 s. Here the lease is 3 s, so that 8 s do as much; the full form freezes for
    the whole 75 s once, which brings the worker's messages to the other one as well.
    """
    slow = {"name": "slow_after", "seconds": CALL, "count": None}
    with trial.shop(threads=THREADS, **TIMES) as shop:
        with misbehaving(trial, shop, [slow], counts=False):
            load = trial.load(shop, pace=8.0 if trial.full else 0.0)
            freezes = 0
            while load.running or not freezes:
                longer = trial.full and not freezes
                freezes += _freeze(trial, shop, BEYOND_HEARTBEAT if longer else BEYOND_LEASE)
            trial.settle(load, within=90)
        trial.note("freezes", freezes)
        _judge(trial, shop)


def _freeze(trial: Trial, shop: FaultShop, seconds: float) -> int:
    """Any worker, while more calls to suppliers are under way than the other one can make. 0 if there never were."""
    try:
        until(lambda: _calls(shop) > THREADS, seconds=10)
    except AssertionError:
        return 0
    with _frozen(trial.chance.choice(shop.workers)):
        time.sleep(seconds)
    time.sleep(1.0)  # it says what it has to say
    return 1


def _calls(shop: FaultShop) -> int:
    sql = "SELECT count(*) FROM purchases WHERE state IN ('sending', 'committing') AND lease_until > now()"
    return int(shop.rows(sql)[0][0])


@contextmanager
def _frozen(process: Process) -> Iterator[None]:
    process.signal(signal.SIGSTOP, all_of_it=True)
    try:
        yield
    finally:
        process.signal(signal.SIGCONT, all_of_it=True)


def _judge(trial: Trial, shop: FaultShop) -> None:
    """Whatever a thawed worker wanted to write: its purchase is charged once by the supplier's own book, and stored."""
    refused = [entry["purchase"] for entry in entries(shop.logs, "worker", action="stale_answer")]
    trial.bit(len(refused))
    charged = shop.evidence().outside.charged
    states = dict(shop.rows("SELECT purchase_ref, state FROM purchases"))
    for ref in set(refused):
        if (charged[ref], states[ref]) != (1, "stored"):
            trial.violation(f"purchase {ref} was gone on with and is {states[ref]}, charged {charged[ref]}×")
