"""F36: two clocks, sweeps at the same moment, and no clock at all: nothing twice, and an alarm."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests
from structlog.testing import capture_logs

from actors import workshop
from actors.broker import connect
from actors.sweep import sweep_once
from bitloot.engines.crew import ROOT, crew
from db import base
from tests.faults.load import Load
from tests.faults.logbook import entries
from tests.faults.patience import until
from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.strangers import misbehaving
from tests.faults.trial import Trial

__all__ = ["clocks"]

#: Sweeps of the trial's own that begin at one moment, beside those of the clocks.
TOGETHER = 4

#: Seconds without a sweep that are an alarm, and for which nobody sweeps. The plan has 60 s and 10 minutes.
DEADLINE, DEAD = 3.0, 6.0

TIMES = {"SWEEP_SECONDS": "0.3", "SWEEP_GRACE": "1", "DEADLINE_SWEEP": str(DEADLINE)}

#: Rows of a kind that one sweep takes, so that there is something left for the others.
BATCH = {"SWEEP_BATCH": "4"}


@row("F36", "two clocks, sweeps at once; no clock", short=10, full=400)
def clocks(trial: Trial) -> None:
    """A bite is a round in which two sweeps or more found work at one moment. No notice comes: only sweeps move orders.

    The times of the alarm are a twentieth of the plan's, by its own setting: it compares a row with the database's
    clock, however long that is.
    """
    silent = [{"name": "webhook_never"}, {"name": "ipn_never"}]
    with trial.shop(**TIMES, **BATCH) as shop:
        _start_second_clock(shop)
        with misbehaving(trial, shop, silent, counts=False):
            load = trial.load(shop, pace=2.0 if trial.full else 0.5)
            _sweep_together(trial, shop, load)
            trial.settle(load, within=60)
    with trial.shop(
        **TIMES
    ) as shop:  # of its own: in the other one thousands of looks at what is done are due as well
        with misbehaving(trial, shop, silent, counts=False):
            _without_clock(trial, shop)
        _without_workers(trial, shop)


def _start_second_clock(shop: FaultShop) -> None:
    second = crew(shop.told, shop.logs, ("clock",))["clock"]
    second.log, second.name = shop.logs / "clock-2.log", "clock-2"
    shop.crew[second.name] = second.start()


def _sweep_together(trial: Trial, shop: FaultShop, load: Load) -> None:
    """Until all is at rest, `TOGETHER` sweeps begin at once, again and again."""
    connect(shop.settings)
    workshop.use(shop.shop)
    barrier, rounds = threading.Barrier(TOGETHER), 0

    def one(_: int) -> bool:
        with base.scope():
            barrier.wait(10)
            return bool(sweep_once())

    with ThreadPoolExecutor(TOGETHER) as threads, capture_logs():
        while load.running or load.at_rest() < load.placed:
            found = list(threads.map(one, range(TOGETHER)))
            trial.bit(sum(found) > 1)
            rounds += 1
            time.sleep(0.05)
            if rounds > 5000:
                return
    trial.note("rounds of sweeps at once", rounds)


def _without_clock(trial: Trial, shop: FaultShop) -> None:
    """It is killed while buyers pay: the alarm rings, nothing is lost, and it ends when there is a clock again."""
    shop.crew["clock"].kill()
    load = trial.load(shop, orders=5)
    load.finish()
    time.sleep(DEAD)
    if not _age(shop) > DEADLINE:
        trial.violation("no clock, and /metrics tells of sweeps")
    if _doctor_is_content(shop):
        trial.violation("no clock, and `bitloot doctor` finds nothing wrong")
    if load.at_rest():
        trial.violation("orders went on without a sweep, so that nothing is shown")
    shop.crew["clock"].start()
    trial.settle(load, within=30)
    until(lambda: _age(shop) < DEADLINE, what="the end of the alarm")


def _without_workers(trial: Trial, shop: FaultShop) -> None:
    """A clock whose sweeps nobody takes says so itself."""
    for worker in shop.workers:
        worker.signal(signal.SIGSTOP, all_of_it=True)
    try:
        until(lambda: any(entries(shop.logs, "clock", action="sweep_late")), seconds=4 * DEADLINE + 5)
    except AssertionError:
        trial.violation("no worker swept, and the clock did not say so")
    finally:
        for worker in shop.workers:
            worker.signal(signal.SIGCONT, all_of_it=True)


def _age(shop: FaultShop) -> float:
    """As Prometheus reads it."""
    text = requests.get(f"{shop.web}/metrics", timeout=10).text
    found = re.search(r"^bitloot_sweep_age_seconds ([\d.e+-]+)$", text, re.M)
    assert found, "no such figure"
    return float(found[1])


def _doctor_is_content(shop: FaultShop) -> bool:
    command = [sys.executable, "-m", "bitloot", "doctor", "--json"]
    done = subprocess.run(
        command, env=dict(shop.told), cwd=ROOT, capture_output=True, check=False, timeout=60
    )
    [sweep] = [item for item in json.loads(done.stdout)["findings"] if item["part"] == "sweep"]
    return bool(sweep["ok"])
