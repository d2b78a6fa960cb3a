"""Figures about the whole house: what the last hour brought, what waits in the queue, who holds the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence

import redis
from prometheus_client.core import GaugeMetricFamily, Metric
from redis.backoff import NoBackoff
from redis.retry import Retry

from actors.broker import broker
from bitloot.settings import Settings
from db.backup import backup_age
from db.hour import connections, key_times, notices_heard, purchases_made
from db.server import oldest_transaction, room
from web.deadline import database

__all__ = ["HouseCollector", "QueueCollector"]

#: The database is asked at most this often (seconds), however often somebody scrapes.
FRESH = 15.0

#: Redis may take this long (seconds); where it is away its figures are missing, and the others are not.
PATIENCE = 1.0

#: What dramatiq keeps of a queue: messages that may run, that wait for their time, and that were given up.
KINDS = (("ready", ""), ("delayed", ".DQ"), ("dead", ".XQ"))


class HouseCollector:
    """Seven questions to the database, each by an index; asked again after FRESH."""

    def __init__(self, settings: Settings, gateway: str, suppliers: Sequence[str]) -> None:
        self._settings = settings
        self._suppliers = list(suppliers)
        self._sources = [gateway, *suppliers]
        self._lock = threading.Lock()
        self._seen: list[Metric] = []
        self._until = 0.0

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            if time.monotonic() >= self._until:
                with database():
                    self._seen = [
                        *self._notices(),
                        self._purchases(),
                        *_times(),
                        *_database(),
                        *self._backup(),
                    ]
                self._until = time.monotonic() + FRESH
            return list(self._seen)

    def _notices(self) -> list[Metric]:
        heard = _gauge("bitloot_notices_hour", "Notices of the last hour.", "source", "verdict")
        lag = _gauge(
            "bitloot_notice_lag_seconds",
            "How late notices of the last hour came (95 %).",
            "source",
            "verdict",
        )
        for item in notices_heard(self._sources):
            heard.add_metric([item.source, item.verdict], item.notices)
            if item.lag is not None:
                lag.add_metric([item.source, item.verdict], item.lag)
        return [heard, lag]

    def _purchases(self) -> Metric:
        made = _gauge(
            "bitloot_purchases_hour", "Purchases begun in the last hour, by state.", "supplier", "state"
        )
        for (supplier, state), count in purchases_made(self._suppliers).items():
            made.add_metric([supplier, state], count)
        return made

    def _backup(self) -> list[Metric]:
        age = backup_age(self._settings) if self._settings.backup_mark else None
        if age is None:
            return []
        return [
            GaugeMetricFamily("bitloot_backup_age_seconds", "Since the last backup left its mark.", value=age)
        ]


def _times() -> list[Metric]:
    found = key_times()
    times = _gauge("bitloot_time_to_key_seconds", "From payment to sealed key, of the last hour.", "quantile")
    for quantile, value in (("0.5", found.p50), ("0.95", found.p95)):
        if value is not None:
            times.add_metric([quantile], value)
    orders = GaugeMetricFamily(
        "bitloot_keys_hour", "Orders paid in the last hour that have keys.", value=found.orders
    )
    return [times, orders]


def _database() -> list[Metric]:
    held = _gauge("bitloot_database_connections", "Open, by process kind and state.", "application", "state")
    for item in connections():
        held.add_metric([item.application, item.state], item.count)
    most = GaugeMetricFamily(
        "bitloot_database_connections_max", "That the server allows everybody together.", value=room().most
    )
    oldest = GaugeMetricFamily(
        "bitloot_database_oldest_transaction_seconds",
        "Age of the oldest open writing transaction anywhere in the cluster.",
        value=oldest_transaction(),
    )
    return [held, most, oldest]


class QueueCollector:
    """Messages in Redis; nothing where messages go by RabbitMQ, which shows its own, or where Redis is away."""

    def __init__(self, settings: Settings) -> None:
        self._namespace = settings.queue_namespace
        self._client = _client(settings.broker)

    def collect(self) -> Iterable[Metric]:
        if self._client is None:
            return []
        queues = sorted(broker.get_declared_queues())
        try:
            with self._client.pipeline(transaction=False) as pipe:
                for queue in queues:
                    for _, suffix in KINDS:
                        key = f"{self._namespace}:{queue}{suffix}"
                        pipe.zcard(key) if suffix == ".XQ" else pipe.llen(key)
                lengths = iter(pipe.execute())
        except redis.RedisError:
            return []
        found = _gauge("bitloot_queue_messages", "Messages in Redis.", "queue", "kind")
        for queue in queues:
            for kind, _ in KINDS:
                found.add_metric([queue, kind], next(lengths))
        return [found]


def _gauge(name: str, told: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, told, labels=labels)


def _client(url: str) -> redis.Redis | None:
    if not url.startswith(("redis://", "rediss://", "unix://")):
        return None
    never = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=never)
