"""F33: reveals while the web process is killed, while the audit table is locked, and fifty at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg2
import requests

from bitloot.engines.process import accepts
from tests.faults.killing import kill_one
from tests.faults.patience import Patience, until
from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.trial import Trial
from tests.flows.house import Sale

__all__ = ["reveals"]

#: Reveals of one order at one moment, and readers that go on and on.
AT_ONCE, READERS = 50, 8

#: A buyer must have an answer by then (seconds), whatever it is.
LONGEST = 30.0

OFTEN = {"TRIES_PER_ORDER": "10000", "REVEAL_LIMIT": "1000"}


@row("F33", "reveal: killed, audit table locked, 50 at once", short=6, full=60)
def reveals(trial: Trial) -> None:
    """No key leaves without a link of the chain behind it (I9). A bite is a look that was refused for want of a record,
    or one that is on record and whose keys never left, since its process died between the two."""
    with trial.shop(**OFTEN) as shop:
        shop.supervise()
        load = trial.load(shop)
        trial.settle(load, within=60)
        sales = [sale for sale in load.sales if shop.state(sale) == "fulfilled"]
        readers = Readers(shop)
        _at_once(trial, readers, sales[0])
        _locked(trial, shop, readers, sales[1])
        _killed(trial, shop, readers, sales)
        _judge(trial, readers)


class Readers:
    """Buyers who read their keys; `read` counts the answers with keys by order."""

    def __init__(self, shop: FaultShop) -> None:
        self._shop = shop
        self._lock = threading.Lock()
        self.read: Counter[str] = Counter()

    def look(self, sale: Sale) -> int:
        """The status, 0 if there was no answer."""
        url = f"{self._shop.web}/fulfillment/{sale.order_id}/reveal"
        bearer = {"Authorization": f"Bearer {sale.token}"}
        try:
            answer = requests.post(url, headers=bearer, timeout=LONGEST)
            keys = [key["key"] for key in answer.json()["keys"]] if answer.status_code == 200 else []
        except requests.RequestException:
            return 0
        with self._lock:
            self.read[sale.order_id] += bool(keys)
            if keys:
                self._shop.revealed[sale.order_id] = keys
        return answer.status_code

    def looks(self) -> Counter[str]:
        """How many are on record as granted, by order."""
        sql = "SELECT order_id::text, count(*) FROM access_records WHERE action = 'reveal' AND outcome = 'granted'"
        return Counter(dict(self._shop.rows(f"{sql} GROUP BY 1")))


def _at_once(trial: Trial, readers: Readers, sale: Sale) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = Counter(pool.map(lambda _: readers.look(sale), range(AT_ONCE)))
    trial.note("answers to 50 at once", dict(answers))
    if set(answers) - {200, 503} or not answers[200]:
        trial.violation(f"50 reveals at once were answered {dict(answers)}")


def _locked(trial: Trial, shop: FaultShop, readers: Readers, sale: Sale) -> None:
    """Nobody can write a record: nobody reads a key."""
    before = readers.looks()[sale.order_id]
    with _audit_locked(shop):
        answer = readers.look(sale)
        trial.bit(answer == 503)
        if answer != 503:
            trial.violation(f"I9 the audit table was locked, and a reveal was answered {answer}")
    until(lambda: readers.look(sale) == 200, seconds=20, what="a reveal after the lock")
    if readers.looks()[sale.order_id] <= before:
        trial.violation("I9 a reveal left no record")


@contextmanager
def _audit_locked(shop: FaultShop) -> Iterator[None]:
    connection = psycopg2.connect(shop.settings.database_url.get_secret_value(), connect_timeout=5)
    try:
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE access_records IN EXCLUSIVE MODE")  # one may read it
            yield
    finally:
        connection.close()


def _killed(trial: Trial, shop: FaultShop, readers: Readers, sales: Sequence[Sale]) -> None:
    """Web processes die while buyers read, until some died between the record and the answer."""
    over, kills = threading.Event(), 0

    def read_on(number: int) -> None:
        while not over.is_set():
            readers.look(sales[number % len(sales)])

    patience, least = Patience(), 20 if trial.full else 3
    with ThreadPoolExecutor(READERS) as pool:
        reading = [pool.submit(read_on, number) for number in range(READERS)]
        while patience.spent() < 90 and (kills < least or not _unanswered(readers)):
            until(lambda: accepts(shop.settings.port), seconds=30, what="web after its death")
            time.sleep(trial.chance.uniform(0.2, 1.0) / patience.share)
            kills += kill_one(trial, [shop.crew["web"]])
        over.set()
        for one in reading:
            one.result()
    trial.note("deaths of web", kills)
    until(lambda: readers.look(sales[0]) == 200, seconds=30, what="a reveal after the last death")


def _unanswered(readers: Readers) -> int:
    """Looks on record beyond the answers."""
    return (readers.looks() - readers.read).total()


def _judge(trial: Trial, readers: Readers) -> None:
    lost, unrecorded = _unanswered(readers), readers.read - readers.looks()
    trial.bit(lost)
    trial.note("answers with keys", readers.read.total())
    trial.note("looks on record whose keys never left", lost)
    for order, times in unrecorded.items():
        trial.violation(f"I9 order {order}: {times} answers with keys are not on record")
    if not lost:
        trial.violation("no process died between a record and its answer")
