"""A backlog does not feed itself: sweep fills a queue, and adds one at a time to one that is full."""

from __future__ import annotations

import dramatiq
from dramatiq.brokers.stub import StubBroker

from actors.finalize import finalize
from actors.reserve import reserve
from actors.room import room
from actors.sweep import sweep_once
from bitloot.shop import Shop
from db import base
from tests.actors.conftest import Queued
from tests.factories import a_paid_order

BATCH = 10


def test_a_long_queue_is_not_made_longer_by_what_waits_in_it(shop: Shop, queued: Queued) -> None:
    object.__setattr__(shop, "settings", shop.settings.model_copy(update={"sweep_batch": BATCH}))
    waiting = [str(a_paid_order().id) for _ in range(3 * BATCH)]
    for order_id in waiting:
        reserve.send(order_id)
    for _ in range(5):  # no worker comes to them for five graces
        base.rows("UPDATE orders SET due_at = now() RETURNING id")
        assert sweep_once() == {"reserve": 1}
    assert queued(reserve)[: len(waiting)] == waiting


def test_a_queue_is_filled_up_to_one_batch(shop: Shop, queued: Queued) -> None:
    assert room(reserve, BATCH) == BATCH
    for number in range(4):
        reserve.send(str(number))
    assert (room(reserve, BATCH), room(finalize, BATCH)) == (BATCH - 4, BATCH)
    assert queued(reserve) == ["0", "1", "2", "3"]
    assert room(reserve, BATCH) == BATCH


def test_a_broker_that_does_not_tell_gets_whole_batches() -> None:
    @dramatiq.actor(broker=StubBroker())
    def other() -> None: ...

    assert room(other, BATCH) == BATCH
