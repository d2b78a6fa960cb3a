"""F14: PostgreSQL is shut down at once, as by `pg_ctl -m immediate`, and started again, while orders are under way."""

from __future__ import annotations

import re
import signal
import time

from tests.faults.baseline import Baseline
from tests.faults.ear import Ear
from tests.faults.logbook import entries, moment
from tests.faults.patience import until
from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.trial import Trial

__all__ = ["postgres_restarts"]

#: How the driver's errors are called where a step ended with one.
BROKEN = re.compile(r"OperationalError|InterfaceError|AdminShutdown|MaxConnectionsExceeded")

#: Seconds after the server takes connections again: what ends with a database error later than this met a dead
#: connection that somebody kept (RELIABILITY §0 #8).
GRACE = 1.0


@row("F14", "PostgreSQL: immediate restarts during load", short=12, full=500)
def postgres_restarts(trial: Trial) -> None:
    """A bite is a restart that some step of a worker met. Commits are synced here, since acknowledged is acknowledged.

    The plan says every 5–40 s; here every 4–10 s, so that two minutes of load meet a dozen. Nobody is supervised: a
    process that a restart of the database ends would be a violation.
    """
    with trial.shop(own_postgres=True) as shop:
        _sell_one_each(trial, shop)
        ear, before = Ear(shop).start(), Baseline.of(shop)
        load = trial.load(shop, pace=4.0 if trial.full else 1.0)
        back: list[tuple[float, float]] = []  # when each outage began and ended
        while load.running or not back:
            time.sleep(trial.chance.uniform(4, 10) if trial.full else trial.chance.uniform(0.3, 1.0))
            back.append(_restart(trial, shop))
            if not trial.full and len(back) >= 4:
                break
        trial.settle(load, within=60)
        _sell_one_each(trial, shop)
        load.reveal(3)
        _judge_workers(trial, shop, back)
        _judge_rest(trial, shop, before)
        time.sleep(2 * shop.settings.relay_look_seconds)
        ear.stop()
        trial.record.violations += ear.violations(shop.evidence())


def _sell_one_each(trial: Trial, shop: FaultShop) -> None:
    """Twice as many orders as the workers have threads: each of them works."""
    load = trial.load(shop, orders=16 if trial.full else 8)
    trial.settle(load, within=60)


def _restart(trial: Trial, shop: FaultShop) -> tuple[float, float]:
    """0 to 2 s without a server; recovery from the log comes on top."""
    engine = shop.postgres
    assert engine is not None
    assert engine.process is not None
    began = time.time()
    engine.process.signal(signal.SIGQUIT)
    engine.process.wait(20)
    time.sleep(trial.chance.uniform(0, 2) if trial.full else trial.chance.uniform(0, 0.5))
    engine.start()
    return began, time.time()


def _judge_workers(trial: Trial, shop: FaultShop, back: list[tuple[float, float]]) -> None:
    """Each restart was felt, and each thread was well with the next message after it."""
    failed = [
        (moment(entry), str(entry.get("error")))
        for entry in entries(shop.logs, "worker")
        if BROKEN.search(str(entry.get("error", "")))
    ]
    grace = GRACE / trial.patience.share
    for began, ended in back:
        trial.bit(any(began <= at <= ended + grace for at, _ in failed))
    late = [error for at, error in failed if not any(began <= at <= ended + grace for began, ended in back)]
    trial.note("restarts", len(back))
    trial.note("steps that a restart ended", len(failed) - len(late))
    if late:
        trial.violation(f"{len(late)} steps failed although the server was there: {sorted(set(late))}")


def _judge_rest(trial: Trial, shop: FaultShop, before: Baseline) -> None:
    """Nobody died of it, and nothing is left over (I11)."""
    for name, process in shop.crew.items():
        if not process.running:
            trial.violation(f"{name} ended with {process.poll()}: {process.last_lines(1)}")
    left: list[str] = []

    def calm() -> bool:
        left[:] = Baseline.of(shop).violations(before)
        return not left

    try:
        until(calm, seconds=20)
    except AssertionError:
        trial.record.violations += left
