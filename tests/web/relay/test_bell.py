"""The bell: speed, and telemetry for admins; never a condition for an event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import redis

from actors.bell import channel as rung_on
from bitloot.engines.valkey import ValkeyEngine
from bitloot.settings import Settings
from bitloot.states import OrderState
from bitloot.tokens import Tokens
from tests.factories import an_order
from tests.waiting import until
from tests.web.relay.ears import Ear, RelayThread, a_settled_order
from web.relay.bell import channel


@pytest.fixture
def unlooking(database: Settings) -> Iterator[RelayThread]:
    """Looks by itself so seldom that only a bell can explain an event."""
    with RelayThread(database.model_copy(update={"relay_look_seconds": 60})) as relay:
        yield relay


class Rope:
    """Rings the bell, and knows whether the relay listens."""

    def __init__(self, url: str, namespace: str) -> None:
        self.client = redis.Redis.from_url(url)
        self.channel = channel(namespace)
        self.wait()

    def wait(self) -> None:
        until(lambda: self.client.pubsub_numsub(self.channel)[0][1] == 1, what="the relay listens")

    def ring(self, message: Any = None) -> None:
        if not isinstance(message, bytes):
            message = json.dumps({"type": None} if message is None else message)
        assert self.client.publish(self.channel, message) == 1


@pytest.fixture
def rope(unlooking: RelayThread, database: Settings) -> Iterator[Rope]:
    found = Rope(database.redis_url.get_secret_value(), database.queue_namespace)
    yield found
    found.client.close()


def test_actors_ring_where_the_relay_listens() -> None:
    assert channel("shop-7") == rung_on("shop-7")


def test_a_bell_wakes_the_relay(unlooking: RelayThread, rope: Rope, admin: str) -> None:
    order = a_settled_order()
    with Ear(unlooking.url, admin) as ear:
        ear.subscribe(order=str(order.id))
        order.advance(OrderState.PAID, actor="test")
        rope.ring()
        assert ear.hear()["seq"] == 2


def test_many_bells_are_few_looks(unlooking: RelayThread, rope: Rope, admin: str) -> None:
    with Ear(unlooking.url, admin) as ear:
        ear.subscribe(topic="orders")
        with rope.client.pipeline(transaction=False) as pipe:
            for _ in range(1000):
                pipe.publish(rope.channel, '{"type": null}')
            pipe.execute()
        an_order()
        rope.ring()
        assert ear.hear()["seq"] == 1
    until(lambda: unlooking.metric('bells_total{kind="commit"}') == 1001, what="all bells are heard")
    assert sum(unlooking.metric(f'looks_total{{outcome="{kind}"}}') for kind in ("found", "nothing")) < 500


def test_what_an_open_transaction_held_back_comes_soon_after_it_though_no_bell_rings(
    unlooking: RelayThread, rope: Rope, admin: str, database_url: str
) -> None:
    order = a_settled_order()
    other = psycopg2.connect(database_url)
    try:
        with Ear(unlooking.url, admin) as ear:
            ear.subscribe(order=str(order.id))
            other.cursor().execute("SELECT pg_current_xact_id()")
            order.advance(OrderState.PAID, actor="test")
            rope.ring()
            until(
                lambda: unlooking.metric("lag_moves") == 1, what="the relay sees that something is held back"
            )
            other.rollback()
            assert ear.hear()["seq"] == 2
    finally:
        other.close()


def test_telemetry_goes_to_admins_who_asked_for_it_and_to_no_buyer(
    unlooking: RelayThread, rope: Rope, tokens: Tokens, admin: str
) -> None:
    order = a_settled_order()
    with Ear(unlooking.url, tokens.buyer(order.id)) as buyer, Ear(unlooking.url, admin) as operator:
        buyer.hear()
        assert operator.subscribe(topic="jobs")["recovered"] is None
        rope.ring({"type": "webhook:received", "data": {"order": str(order.id)}})
        rope.ring({"type": "admin:job-failed", "data": {"order": str(order.id), "actor": "reserve"}})
        event = operator.hear()
        assert (event["type"], event["order"]) == ("admin:job-failed", str(order.id))
        assert (event["data"]["actor"], event["cursor"]) == ("reserve", None)
        order.advance(OrderState.PAID, actor="test")
        rope.ring()
        assert buyer.hear()["type"] == "payment:confirmed"


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff",
        b"[]",
        b"[" * 4000,
        b'{"type": "payment:confirmed", "data": {}}',
        b'{"type": "admin:job-failed", "data": []}',
        b'{"type": 7}',
        b"{}",
        json.dumps({"type": "admin:job-failed", "data": {"text": "x" * 4096}}).encode(),
    ],
)
def test_what_is_no_bell_is_counted_and_goes_nowhere(
    unlooking: RelayThread, rope: Rope, admin: str, message: bytes
) -> None:
    with Ear(unlooking.url, admin) as ear:
        ear.subscribe(topic="jobs")
        rope.ring(message)
        rope.ring({"type": "admin:job-completed", "data": {}})
        assert ear.hear()["type"] == "admin:job-completed"
    assert unlooking.metric('bells_total{kind="refused"}') == 1


def test_a_lost_bell_is_hung_up_again(database: Settings, admin: str, tmp_path: Path) -> None:
    with ValkeyEngine(tmp_path / "valkey", durable=False) as valkey:
        changes = {"redis_url": type(database.redis_url)(valkey.url), "relay_look_seconds": 60}
        with RelayThread(database.model_copy(update=changes)) as relay, Ear(relay.url, admin) as ear:
            rope = Rope(valkey.url, database.queue_namespace)
            ear.subscribe(topic="orders")
            assert rope.client.client_kill_filter(_type="pubsub") == 1
            an_order()  # nobody rings for it: coming back is a ring
            assert ear.hear()["seq"] == 1
            rope.wait()
            an_order()
            rope.ring()
            assert ear.hear()["seq"] == 1
            rope.client.close()
