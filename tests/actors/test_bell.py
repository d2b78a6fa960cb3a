"""The bell: rung after commits, coalesced, and never in the way."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from actors import bell
from actors.bell import channel, ring, stop
from tests.waiting import until


@pytest.fixture
def heard(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, object]]]:
    """What a listener hears of this process's bell, by looking."""
    stop()
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    client = redis.Redis.from_url(environ["REDIS_URL"])
    subscription: Any = client.pubsub(  # type: ignore[no-untyped-call]
        ignore_subscribe_messages=True
    )
    subscription.subscribe(channel(environ["QUEUE_NAMESPACE"]))
    subscription.get_message(timeout=5)
    yield _Heard(subscription)
    stop()
    subscription.close()
    client.close()


class _Heard(list[dict[str, object]]):
    def __init__(self, subscription: Any) -> None:
        super().__init__()
        self._subscription = subscription

    def __len__(self) -> int:
        while (message := self._subscription.get_message(timeout=0.01)) is not None:
            self.append(json.loads(message["data"]))
        return super().__len__()


def test_a_commit_and_telemetry_are_heard(heard: list[dict[str, object]]) -> None:
    ring()
    until(lambda: len(heard) == 1, what="the bell")
    ring("admin:job-failed", {"actor": "reserve"})
    until(lambda: len(heard) == 2, what="telemetry")
    assert list(heard) == [{"type": None}, {"type": "admin:job-failed", "data": {"actor": "reserve"}}]


def test_commits_that_wait_together_ring_fewer_times(heard: list[dict[str, object]]) -> None:
    for _ in range(500):
        ring()
    ring("last", {})
    until(lambda: len(heard) > 0 and heard[-1]["type"] == "last", what="the last bell")
    assert 1 < len(heard) < 500


def test_without_redis_nobody_waits(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    stop()
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    began = time.monotonic()
    for _ in range(2_000):
        ring()
    assert time.monotonic() - began < 2
    assert bell._bell is not None
    stop()


def test_without_an_address_there_is_no_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    stop()
    monkeypatch.delenv("REDIS_URL", raising=False)
    ring()
    assert bell._bell is None
