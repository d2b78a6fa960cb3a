"""F8: Valkey says nothing for seconds, and clients that repeat their commands make two runs of one message."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import redis
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tests.faults.baseline import hostages
from tests.faults.patience import until
from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.strangers import buy
from tests.faults.trial import Trial
from tests.flows.house import Sale

__all__ = ["valkey_stalls"]

SENDERS = 6


@row("F8", "Valkey stalls, messages start twice", short=4, full=1000, in_make_test=True)
def valkey_stalls(trial: Trial) -> None:
    """A bite is a message that workers started more than once; nothing is bought twice all the same.

    Our own clients never repeat a command (RELIABILITY §0 #2), so beside them send some that do, as redis-py's stock
    client would. The full form has 20 stalls of 6 to 8 s: of up to 20 s they would take four minutes by themselves.
    """
    with trial.shop(witnessed=True) as shop:
        before, stalls = _started_twice(shop), 0
        load = trial.load(shop, pace=3.0 if trial.full else 0.2)
        while stalls < (20 if trial.full else 3) and (trial.full or _started_twice(shop) == before):
            load.sales += _stall(shop, trial.chance.uniform(6, 8) if trial.full else 1.5)
            stalls += 1
            time.sleep(1.0)
        load.hurry()
        trial.settle(load, within=60)
        load.reveal(3)
        until(lambda: not hostages(shop), seconds=30, what="an end of fetched messages (M3)")
        trial.bit(_started_twice(shop) - before)
        trial.note("stalls", stalls)
        trial.note("starts", shop.starts.total())


def _started_twice(shop: FaultShop) -> int:
    return sum(times > 1 for times in shop.starts.values())


def _stall(shop: FaultShop, seconds: float) -> list[Sale]:
    """Orders are paid meanwhile, and hasty clients send the step of each."""
    brokers = [_hasty(shop) for _ in range(SENDERS)]
    with ThreadPoolExecutor(SENDERS) as pool:
        with _silent(shop):
            over = time.monotonic() + seconds
            sales = buy(shop, [[("orbit-drifters", 1)]] * SENDERS)
            until(lambda: all(shop.state(sale) == "paid" for sale in sales), what="paid orders")
            sent = [
                pool.submit(_send, broker, sale.order_id) for broker, sale in zip(brokers, sales, strict=True)
            ]
            time.sleep(max(1.0, over - time.monotonic()))
        for future in sent:
            future.result()
    for broker in brokers:
        broker.client.close()
    return sales


@contextmanager
def _silent(shop: FaultShop) -> Iterator[None]:
    """It takes connections, and bytes, and answers all of it afterwards."""
    assert shop.valkey.process is not None
    shop.valkey.process.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        shop.valkey.process.signal(signal.SIGCONT)


def _hasty(shop: FaultShop) -> RedisBroker:
    """Connected already; it waits half a second for an answer, and then says the same again."""
    again = Retry(ConstantBackoff(0.1), 60)
    client = redis.Redis.from_url(shop.valkey.url, socket_timeout=0.5, retry=again)
    broker = RedisBroker(client=client, namespace=shop.settings.queue_namespace, middleware=[])  # type: ignore[no-untyped-call]
    broker.do_qsize("reserve")  # teaches the server its script
    return broker


def _send(broker: RedisBroker, order_id: str) -> None:
    message: Message[None] = Message("reserve", "reserve", (order_id,), {}, {})
    broker.enqueue(message)
