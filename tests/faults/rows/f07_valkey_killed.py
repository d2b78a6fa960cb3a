"""F7: Valkey is killed and comes back seconds later, with its file or with nothing, while steps fail on purpose."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.logbook import entries
from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.trial import Trial
from tests.flows.house import Sale

__all__ = ["valkey_killed"]

#: A step that failed, and whose repeat could not be enqueued: dramatiq by itself would forget it (RELIABILITY §0 #1).
UNSENT = "after_process_message"

#: 99 of 100 notices are answered within so many seconds while Valkey is down.
NOTICE_SECONDS = 0.5


@row("F7", "Valkey killed and restarted, steps fail", short=12, full=1000)
def valkey_killed(trial: Trial) -> None:
    """A bite is a step that failed while Valkey was away. Notices are answered 200 all that time.

    Twenty times, by turns with the append-only file and empty. Down for 1–5 s, twice for 20 s: with 1–40 s each time
    the outages would take seven minutes by themselves.
    """
    outages = [1.5, 1.5] if not trial.full else [trial.chance.uniform(1, 5) for _ in range(18)] + [20.0, 20.0]
    with trial.shop(durable_valkey=True) as shop:
        probe, waits = shop.order(("tin-parade", 1)), list[float]()
        _failing(trial, shop)
        load = trial.load(shop, pace=3.0 if trial.full else 0.5)
        for number, seconds in enumerate(outages):
            _wait_for_calls(shop)
            with _probing(trial, shop, probe, waits):
                _outage(shop, seconds, empty=bool(number % 2))
            time.sleep(1.5)
        load.hurry()
        shop.calm()
        trial.settle(load, within=60)
        load.reveal(3)
        trial.bit(sum(UNSENT in str(entry.get("message")) for entry in entries(shop.logs, "worker")))
        trial.note("outages", len(outages))
        _judge_notices(trial, waits)


def _failing(trial: Trial, shop: FaultShop) -> None:
    """Half of the calls that buy are refused, and only after a while: their steps fail whenever Valkey is killed."""
    shop.control(
        "faults", point="kinguin.place_order", kind="delay", count=None, seconds=0.5, seed=trial.seed
    )
    shop.control("faults", name="429_bare", share=0.5, seed=trial.seed)


def _wait_for_calls(shop: FaultShop) -> None:
    until = time.monotonic() + 10
    while not shop.rows("SELECT 1 FROM purchases WHERE state = 'sending'") and time.monotonic() < until:
        time.sleep(0.01)


def _outage(shop: FaultShop, seconds: float, *, empty: bool) -> None:
    engine = shop.valkey
    assert engine.process is not None
    engine.process.kill()
    time.sleep(seconds)
    if empty:
        shutil.rmtree(engine.directory / "data")
    engine.start()


@contextmanager
def _probing(trial: Trial, shop: FaultShop, probe: Sale, waits: list[float]) -> Iterator[None]:
    """Sends one notice after another and keeps how long (seconds) each took, the stand-in's own part included."""
    over = threading.Event()

    def knock() -> None:
        while not over.wait(0.02):
            began = time.monotonic()
            answers = shop.control(f"nowpayments/payments/{probe.payment_id}/ipn", status="waiting")[
                "answers"
            ]
            waits.append(time.monotonic() - began)
            if answers != [200]:
                trial.violation(f"I7 a notice was answered {answers} while Valkey was away")

    thread = threading.Thread(target=knock)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _judge_notices(trial: Trial, waits: list[float]) -> None:
    slow = trial.own(sorted(waits)[int(len(waits) * 0.99)])
    trial.note("notices meanwhile", len(waits))
    trial.note("their p99 in ms", f"{slow * 1000:.0f}")
    if trial.full and slow > NOTICE_SECONDS:
        trial.violation(f"I10 notices took {slow:.2f} s while Valkey was away (p99)")
