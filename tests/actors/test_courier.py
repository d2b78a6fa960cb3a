"""The courier: a handler hands its message over and goes on, Redis or not."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from actors import courier
from actors.broker import connect
from actors.courier import post, stop
from actors.reserve import reserve
from bitloot import pace
from bitloot.settings import Settings
from bitloot.shop import Shop
from tests.actors.conftest import Queued
from tests.waiting import until


def test_what_is_posted_is_sent_in_order(shop: Shop, queued: Queued) -> None:
    for number in range(20):
        post(reserve, str(number))
    stop()  # sends what waits
    assert queued(reserve) == [str(number) for number in range(20)]


def test_messages_of_a_busy_time_travel_together(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first goes at once; the next trip begins a while after it, with all that came meanwhile."""
    trips: list[list[str]] = []
    pauses: list[float] = []
    busy = threading.Event()

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if seconds:
            busy.wait(60)

    monkeypatch.setattr(pace, "time", SimpleNamespace(monotonic=lambda: 100.0, sleep=pause))
    monkeypatch.setattr(
        courier, "_enqueue", lambda messages: trips.append([message.args[0] for message in messages])
    )
    post(reserve, "1")
    until(lambda: len(trips) == 1)
    for number in "234":
        post(reserve, number)
    busy.set()
    stop()
    assert trips == [["1"], ["2", "3", "4"]]
    assert pauses == [0, pytest.approx(courier.APART)]


def test_without_redis_posting_neither_waits_nor_raises(standin_settings: Settings, shop: Shop) -> None:
    nowhere = type(standin_settings.redis_url)("redis://127.0.0.1:9/0")
    connect(standin_settings.model_copy(update={"redis_url": nowhere}))
    began = time.monotonic()
    for _ in range(12_000):  # more than may wait
        post(reserve, "1")
    assert time.monotonic() - began < 5
    stop()


def test_after_redis_is_back_messages_flow_again(
    standin_settings: Settings, shop: Shop, queued: Queued
) -> None:
    nowhere = type(standin_settings.redis_url)("redis://127.0.0.1:9/0")
    connect(standin_settings.model_copy(update={"redis_url": nowhere}))
    post(reserve, "lost")
    stop()
    connect(standin_settings)
    post(reserve, "sent")
    stop()
    assert queued(reserve) == ["sent"]
