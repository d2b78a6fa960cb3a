"""The bell: tells the relay that a commit happened. It may be lost; the relay looks by itself once a second."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Mapping
from typing import Any

import redis
import structlog

from bitloot.pace import Pace
from bitloot.settings import load_settings

__all__ = ["channel", "ring", "stop"]

log = structlog.get_logger(__name__)

#: Waiting bells; beyond this they are dropped, since the relay also looks without them.
CAPACITY = 1_000

#: What says no more than that there was a commit.
COMMITTED = '{"type": null}'

#: Between two publications (seconds): one that comes after a quiet while goes at once, those of a busy one go together.
APART = 0.025

#: A bell is worth this much waiting (seconds), not more.
TIMEOUT = 1.0


def channel(namespace: str) -> str:
    return f"{namespace}:bell"


class _Bell:
    """One thread per process that publishes; commits that wait together ring once."""

    def __init__(self, url: str, namespace: str) -> None:
        self._client = redis.Redis.from_url(
            url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=None, retry_on_timeout=False
        )
        self._channel = channel(namespace)
        self._waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
        self._thread.start()

    def ring(self, message: str) -> None:
        if self._waiting.qsize() < CAPACITY:
            self._waiting.put(message)
        else:
            log.warning("bell dropped", action="bell_dropped")

    def stop(self) -> None:
        self._waiting.put(None)
        self._thread.join(TIMEOUT * 2)

    def _run(self) -> None:
        pace = Pace(APART)
        while (message := self._waiting.get()) is not None:
            pace.begin()
            try:
                self._publish({message: None} | dict.fromkeys(self._drain()))
            except redis.RedisError:
                log.info("bell not heard", action="bell_lost")
            except EOFError:
                return

    def _publish(self, messages: Mapping[str, None]) -> None:
        with self._client.pipeline(transaction=False) as pipe:
            for message in messages:
                pipe.publish(self._channel, message)
            pipe.execute()

    def _drain(self) -> list[str]:
        """What waits besides; equal messages say nothing more than one."""
        found: list[str] = []
        while True:
            try:
                message = self._waiting.get_nowait()
            except queue.Empty:
                return found
            if message is None:
                self._waiting.put(None)
                return found
            found.append(message)


_bell: _Bell | None = None
_lock = threading.Lock()


def ring(event: str | None = None, data: Mapping[str, Any] | None = None) -> None:
    """Rings after a commit (no arguments), or passes telemetry on. Never raises, never waits."""
    bell = _bell or _start()
    if bell is not None:
        bell.ring(json.dumps({"type": event, "data": dict(data or {})}) if event else COMMITTED)


def _start() -> _Bell | None:
    global _bell
    with _lock:
        if _bell is None:
            settings = load_settings(check=False)
            url = settings.redis_url.get_secret_value()
            _bell = _Bell(url, settings.queue_namespace) if url else None
        return _bell


def stop() -> None:
    """Publishes what waits and ends the thread."""
    global _bell
    with _lock:
        bell, _bell = _bell, None
    if bell is not None:
        bell.stop()
