"""F16: PostgreSQL stops in the middle, refuses connections, or has none left: 503, and never a 2xx without a commit."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg2
import requests

from bitloot.engines.postgres import PostgresEngine
from tests.faults.baseline import Baseline
from tests.faults.patience import until
from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.trial import Trial
from tests.waiting import descendants

__all__ = ["postgres_away"]

#: A buyer must have an answer by then (seconds), whatever it is.
PATIENCE = 20.0

#: Seconds of the pause, in the short form and the full one, and of the other outages. A pause must be longer than the
#: web waits for the database; whoever it ends for in time gets what was asked for.
PAUSE, OTHERWISE = (10.0, 20.0), 5.0

ORDER = {
    "email": "probe@example.test",
    "items": [{"productId": "orbit-drifters", "quantity": 1}],
    "payCurrency": "btc",
}


@row("F16", "PostgreSQL paused, refusing, full", short=6, full=200)
def postgres_away(trial: Trial) -> None:
    """A bite is an order that was answered with 503 during one of the three outages; each of them must bite.

    The plan's pause of 20 s is there once, in the full form; the other outages are 5 s, since every answer within
    them is the same. 200 orders instead of 1,000: most of the row's time is outage.
    """
    outages = {"paused": _paused, "refusing": _refusing, "full": _full}
    with trial.shop(own_postgres=True) as shop:
        trial.settle(trial.load(shop, orders=4), within=60)
        before = Baseline.of(shop)
        load = trial.load(shop, pace=4.0 if trial.full else 1.0)
        for name, outage in outages.items():
            time.sleep(2.0)
            seconds = PAUSE[trial.full] if name == "paused" else OTHERWISE
            _judge(trial, shop, name, _buyers(shop, outage, seconds))
        load.hurry()
        trial.settle(load, within=60)
        left: list[str] = []

        def calm() -> bool:
            left[:] = Baseline.of(shop).violations(before)
            return not left

        with contextlib.suppress(AssertionError):
            until(calm, seconds=20)
        trial.record.violations += left


class Buyers:
    """Place orders all the time: what they are answered, how long that took, and what they were promised."""

    def __init__(self, shop: FaultShop, number: int = 4) -> None:
        self._url = f"{shop.web}/orders"
        self._over = threading.Event()
        self.answers: Counter[int] = Counter()
        self.promised: list[str] = []
        self.longest = 0.0
        self._threads = [threading.Thread(target=self._buy, daemon=True) for _ in range(number)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(2 * PATIENCE)

    def _buy(self) -> None:
        while not self._over.is_set():
            began, status = time.monotonic(), 0
            with contextlib.suppress(requests.RequestException):
                key = {"Idempotency-Key": secrets.token_hex(16)}
                answer = requests.post(self._url, json=ORDER, headers=key, timeout=2 * PATIENCE)
                status = answer.status_code
                if status == 201:
                    self.promised.append(answer.json()["orderId"])
            self.answers[status] += 1
            self.longest = max(self.longest, time.monotonic() - began)
            time.sleep(0.05)


def _buyers(
    shop: FaultShop,
    outage: Callable[[PostgresEngine], contextlib.AbstractContextManager[None]],
    seconds: float,
) -> Buyers:
    assert shop.postgres is not None
    with outage(shop.postgres):
        buyers = Buyers(shop)
        time.sleep(seconds)
    buyers.stop()
    return buyers


def _judge(trial: Trial, shop: FaultShop, name: str, buyers: Buyers) -> None:
    """Nothing but orders and 503s, each soon; every order that was promised is there."""
    trial.bit(buyers.answers[503])
    trial.note(f"answers while {name}", dict(buyers.answers))
    trial.note(f"longest answer while {name}", f"{buyers.longest:.1f} s")
    if not buyers.answers[503]:
        trial.violation(f"PostgreSQL was {name}, and nobody met a 503: {dict(buyers.answers)}")
    if others := set(buyers.answers) - {201, 503}:
        trial.violation(f"PostgreSQL was {name}, and buyers met {sorted(others)}")
    if trial.own(buyers.longest) > PATIENCE:
        trial.violation(f"PostgreSQL was {name}, and a buyer waited {buyers.longest:.0f} s")
    until(lambda: bool(shop.rows("SELECT 1")), what="the database")
    found = shop.rows("SELECT id::text FROM orders WHERE id = ANY(%s::uuid[])", buyers.promised)
    for order in set(buyers.promised) - {order for (order,) in found}:
        trial.violation(f"I7 order {order} was answered 201 and is not there")


@contextmanager
def _paused(engine: PostgresEngine) -> Iterator[None]:
    """Its backends are in sessions of their own, so that the group does not reach them."""
    assert engine.process is not None
    family = [engine.process.pid, *descendants(engine.process.pid)]
    _tell(family, signal.SIGSTOP)
    try:
        yield
    finally:
        _tell(family, signal.SIGCONT)


def _tell(family: list[int], number: signal.Signals) -> None:
    for pid in family:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


@contextmanager
def _refusing(engine: PostgresEngine) -> Iterator[None]:
    engine.stop()
    try:
        yield
    finally:
        engine.start()


@contextmanager
def _full(engine: PostgresEngine) -> Iterator[None]:
    """Every connection is ours: those of the shop are ended, and ours take their places."""
    ours: list[psycopg2.extensions.connection] = []
    try:
        until(lambda: _take_all(engine.url, ours), seconds=30, what="a full house")
        yield
    finally:
        for connection in ours:
            connection.close()


def _take_all(url: str, ours: list[psycopg2.extensions.connection]) -> bool:
    """Takes all that are free, one right after another, since the shop wants them as well, and then ends those of
    everybody else; whether nobody else had one."""
    with contextlib.suppress(psycopg2.OperationalError):
        while True:
            ours.append(psycopg2.connect(url, connect_timeout=5, application_name="faults full house"))
            ours[-1].autocommit = True
    with ours[0].cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND application_name <> 'faults full house'"
        )
        [(others,)] = cursor.fetchall()
    return not others
