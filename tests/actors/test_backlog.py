"""A backlog does not feed itself: sweep sends again what is lost, and not what waits in a queue."""

from __future__ import annotations

import time
from typing import Any

import dramatiq
import pytest
from dramatiq import Message
from dramatiq.brokers.stub import StubBroker

from actors.backlog import backlog
from actors.broker import broker
from actors.reserve import reserve
from actors.sweep import sweep_once
from actors.write_letter import write_letter
from bitloot.shop import Shop
from db import base
from db.letters_due import ask_letter
from tests.actors.conftest import Queued, valkey
from tests.factories import a_paid_order

GRACE = 15.0


def sent_ago(actor: dramatiq.Actor[..., None], subject: object, seconds: float) -> None:
    message: Message[Any] = actor.message(str(subject))
    broker.enqueue(message.copy(message_timestamp=int((time.time() - seconds) * 1000)))


def due(table: str, subject: object, *, sent: float, grace: float = GRACE) -> None:
    """As a row is whose message was sent so many seconds ago."""
    at = f"UPDATE {table} SET due_at = now() + %s * interval '1 second' WHERE id = %s RETURNING id"
    assert base.rows(at, grace - sent, subject)


def test_what_waits_in_a_long_queue_is_not_sent_again_and_what_is_lost_is(shop: Shop, queued: Queued) -> None:
    waiting, lost = [a_paid_order().id for _ in range(3)], a_paid_order().id
    for number, order_id in enumerate(waiting):
        sent_ago(reserve, order_id, 100 - number)
        due("orders", order_id, sent=99.9 - number)
    due("orders", lost, sent=101)  # before all of those, and yet it is not there
    assert sweep_once() == {"reserve": 1}
    assert sweep_once() == {}
    assert queued(reserve) == [str(order_id) for order_id in [*waiting, lost]]
    assert sweep_once() == {"reserve": 3}  # Valkey forgot the queue: nothing waits, so all are lost


def test_letters_that_wait_to_be_written_are_not_sent_again(shop: Shop, queued: Queued) -> None:
    due_id = ask_letter(a_paid_order().id, "keys_ready")
    sent_ago(write_letter, due_id, 200)
    due("letters_due", due_id, sent=199.9, grace=4 * GRACE)
    assert sweep_once() == {}
    assert queued(write_letter) == [str(due_id)]
    assert sweep_once() == {"write_letter": 1}


def test_a_queue_is_as_long_as_its_next_message_waits(shop: Shop, queued: Queued) -> None:
    assert backlog(reserve) == 0
    sent_ago(reserve, "first", 50)
    sent_ago(reserve, "second", 20)
    assert backlog(reserve) == pytest.approx(50, abs=10)
    queued(reserve)
    sent_ago(reserve, "of a host whose clock is fast", -70)
    assert backlog(reserve) == 0
    valkey().delete(f"{shop.settings.queue_namespace}:reserve.msgs")  # an id without its message
    assert backlog(reserve) == 0


def test_a_broker_that_does_not_tell_has_no_backlog() -> None:
    @dramatiq.actor(broker=StubBroker())
    def other() -> None: ...

    other.send()
    assert backlog(other) == 0
