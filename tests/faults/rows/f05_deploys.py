"""F5: deploys during load: every process gets SIGTERM, and SIGKILL if it is still there when its grace is over."""

from __future__ import annotations

import signal
import time

from tests.faults.patience import MACHINE
from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.trial import Trial

__all__ = ["deploys"]

#: No order waits longer (seconds) for its keys, whatever is deployed meanwhile.
LONGEST = 45.0

NAMES = ("web", "relay", "clock", "worker-1", "worker-2")


@row("F5", "deploys: TERM, then KILL after 10 s, ×20", short=10, full=1000)
def deploys(trial: Trial) -> None:
    """A bite is a deploy that met orders under way. Some calls take 3 s, so that workers are in the middle of one.

    The short form grants 1 s, so that calls are cut by SIGKILL there.
    """
    rounds, grace, share = (20, 10.0, 0.2) if trial.full else (2, 1.0, 0.5)
    with trial.shop(SUPPLIER_TIMEOUT="5", PURCHASE_LEASE="7") as shop:
        slow = {"kind": "delay", "seconds": 3, "count": None, "share": share, "seed": trial.seed}
        shop.control("faults", point="kinguin.place_order", **slow)
        load = trial.load(shop, pace=3.0 if trial.full else 0.0)
        done = killed = 0
        while done < rounds and (load.running or not trial.full):
            time.sleep(trial.chance.uniform(1, 4) if trial.full else 0.2)
            trial.bit(_under_way(shop))
            killed += _deploy(shop, grace)
            done += 1
        load.hurry()
        trial.settle(load, within=60)
        load.reveal(3)
        trial.note("deploys", done)
        trial.note("processes that had to be killed", killed)
        _nobody_waited(trial, shop)


def _under_way(shop: FaultShop) -> bool:
    """Waits, for a moment, until it would hurt."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if shop.rows("SELECT 1 FROM orders WHERE state IN ('paid', 'waiting', 'ready') LIMIT 1"):
            return True
        time.sleep(0.02)
    return False


def _deploy(shop: FaultShop, grace: float) -> int:
    """How many outlived their grace."""
    processes = [shop.crew[name] for name in NAMES]
    for process in processes:
        process.signal(signal.SIGTERM)
    until = time.monotonic() + grace
    while any(process.running for process in processes) and time.monotonic() < until:
        time.sleep(0.05)
    late = [process for process in processes if process.running]
    for process in late:
        process.kill()
    for process in processes:
        process.start()
    shop.crew["web"].wait_for(shop.settings.port)
    return len(late)


def _nobody_waited(trial: Trial, shop: FaultShop) -> None:
    """From the money to the keys, orders that wait for a person apart."""
    waits = shop.rows(
        "SELECT extract(epoch FROM paid.at)::float8, extract(epoch FROM done.at)::float8"
        " FROM moves paid JOIN moves done USING (order_id) WHERE paid.dst = 'paid' AND done.dst = 'fulfilled'"
    )
    seconds = max((MACHINE.between(paid, done) for paid, done in waits), default=0.0)
    trial.note("longest wait in seconds", f"{seconds:.1f}")
    if seconds > LONGEST:
        trial.violation(f"I10 an order waited {seconds:.0f} s for its keys")
