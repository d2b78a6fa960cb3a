"""The bell: a Redis channel on which the actors say that something was committed. Speed only; it may be silent."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from web.relay import events
from web.relay.hub import Hub
from web.relay.limits import Limits
from web.relay.metrics import Metrics

__all__ = ["Bell", "channel"]

log = structlog.get_logger(__name__)

FIRST_RETRY, LONGEST_RETRY = 0.1, 5.0  # seconds

#: A silent connection is asked whether it still lives this often (seconds).
CHECK_SECONDS = 15


def channel(namespace: str) -> str:
    """The same as actors.bell.channel, which only a process with a broker may import."""
    return f"{namespace}:bell"


class Bell:
    """Calls `ring` at each commit that it hears of and passes telemetry on to admins."""

    def __init__(self, hub: Hub, ring: Callable[[], None], metrics: Metrics, limits: Limits) -> None:
        self._hub = hub
        self._ring = ring
        self._metrics = metrics
        self._limits = limits

    async def listen(self, url: str, name: str) -> None:
        """For ever; comes back by itself when Redis was away."""
        delay = FIRST_RETRY
        while True:
            try:
                async for message in _messages(url, name):
                    delay = FIRST_RETRY
                    self.hear(message)
            except (RedisError, OSError, TimeoutError) as error:
                log.info("no bell", action="bell_away", error=type(error).__name__)
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - not a secret
            delay = min(LONGEST_RETRY, delay * 2)

    def hear(self, message: bytes | None) -> None:
        """One message of the channel; None when it was opened, since bells before that went unheard."""
        if message is None:
            self._ring()
            return
        kind, data = _read(message, self._limits)
        topic = events.TOPICS.get(kind) if kind else None
        if kind is None:
            self._metrics.bells.labels("commit").inc()
            self._ring()
        elif topic is not None and data is not None:
            self._metrics.bells.labels("telemetry").inc()
            self._hub.tell(topic, events.telemetry(kind, data))
        else:
            self._metrics.bells.labels("refused").inc()


async def _messages(url: str, name: str) -> AsyncIterator[bytes | None]:
    """None once subscribed, then each message's bytes."""
    client = Redis.from_url(
        url,
        socket_connect_timeout=3,
        socket_timeout=CHECK_SECONDS,
        socket_keepalive=True,
        health_check_interval=CHECK_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    async with client, client.pubsub() as subscription:
        await subscription.subscribe(name)
        while True:
            heard = await subscription.get_message(timeout=CHECK_SECONDS)
            if heard and heard["type"] == "subscribe":
                yield None
            elif heard and heard["type"] == "message":
                yield heard["data"]


def _read(message: bytes, limits: Limits) -> tuple[str | None, dict[str, Any] | None]:
    """(type, data) of a message; ("", None) for what is none or too large."""
    try:
        said = json.loads(message) if len(message) <= limits.telemetry_bytes else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("type", ""), str | None):
        return "", None
    data = said.get("data", {})
    return said.get("type", ""), data if isinstance(data, dict) else None
