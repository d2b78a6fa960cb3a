"""The courier: a handler hands its message over and goes on, Redis or not."""

from __future__ import annotations

import time

from actors.broker import connect
from actors.courier import post, stop
from actors.reserve import reserve
from bitloot.settings import Settings
from bitloot.shop import Shop
from tests.actors.conftest import Queued


def test_what_is_posted_is_sent_in_order(shop: Shop, queued: Queued) -> None:
    for number in range(20):
        post(reserve, str(number))
    stop()  # sends what waits
    assert queued(reserve) == [str(number) for number in range(20)]


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
