"""The broker and its middleware, as a visible list. Imported before any step: an actor binds to it."""

from __future__ import annotations

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, Middleware, ShutdownNotifications, TimeLimit
from redis.backoff import NoBackoff
from redis.retry import Retry

from actors.middleware import Boot, Burial, CommitFirst, SafeRetries, Scrub, Telemetry
from actors.prompt import PromptRedisBroker
from actors.story import Story
from bitloot.settings import Settings, load_settings

__all__ = ["MIDDLEWARE", "broker", "build_broker", "redis_client"]

#: Backstop only (milliseconds): the real limits are HTTP deadlines and statement_timeout (RELIABILITY §2.1).
TIME_LIMIT = 300_000

#: Before-hooks run from the top, after-hooks from the bottom.
MIDDLEWARE: list[type[Middleware]] = [
    Boot,  # each worker process opens its own database pool and shop, or refuses to start
    CommitFirst,  # nothing is sent while a transaction is open
    Story,  # whose story it is, and the trace that goes on
    Scrub,  # no traceback, no payload in a message
    AgeLimit,
    TimeLimit,
    ShutdownNotifications,
    Telemetry,  # admin:job-completed, admin:job-failed
    Burial,  # a job that is given up becomes a row
    SafeRetries,  # backoff by each step's policy; never acknowledges what it could not enqueue
]


def redis_client(url: str, *, timeout: float = 30) -> redis.Redis:
    """A client that never re-sends a command by itself: one `send()` must not become two (RELIABILITY §0 #2).

    `timeout` in seconds; 30 for workers, so that a stall does not orphan a fetched message (§0 #3).
    """
    return redis.Redis.from_url(
        url,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=timeout,
        socket_connect_timeout=3,
        health_check_interval=15,
    )


def build_broker(settings: Settings) -> dramatiq.Broker:
    """Redis by redis://, RabbitMQ by amqp:// (extra `rabbitmq`). Connects on first use."""
    if settings.broker.startswith(("amqp://", "amqps://")):
        from dramatiq.brokers.rabbitmq import RabbitmqBroker  # an extra: only who uses it needs pika

        return RabbitmqBroker(url=settings.broker, middleware=_middleware(), confirm_delivery=True)
    return PromptRedisBroker(
        client=redis_client(settings.broker or "redis://127.0.0.1:6379"),
        namespace=settings.queue_namespace,
        maintenance_chance=1_000_000,  # a killed worker's messages come back in seconds (RELIABILITY §0 #4)
        heartbeat_timeout=60_000,
        middleware=_middleware(),
    )


def _middleware() -> list[Middleware]:
    return [kind(time_limit=TIME_LIMIT) if kind is TimeLimit else kind() for kind in MIDDLEWARE]


#: Unchecked here, so that a tool may import the steps; `Boot` refuses unsafe settings where work is done.
broker = build_broker(load_settings(check=False))
dramatiq.set_broker(broker)


def connect(settings: Settings) -> None:
    """Points the broker at the settings' Redis; for processes that read their settings after this import."""
    if isinstance(broker, RedisBroker):
        broker.client = redis_client(settings.broker)
        broker.scripts = {name: broker.client.register_script(s.script) for name, s in broker.scripts.items()}
        broker.namespace = settings.queue_namespace
