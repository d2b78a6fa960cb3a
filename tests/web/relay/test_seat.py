"""Slow and dead clients: they are put out, and delay nobody."""

from __future__ import annotations

import json
from typing import Any

import redis

from bitloot.settings import Settings
from bitloot.states import OrderState
from tests.waiting import until
from tests.web.relay.ears import Ear, RelayThread, a_settled_order, deaf_client, here
from web.relay import cursors
from web.relay.bell import channel
from web.relay.limits import Limits

PAYLOAD = "x" * 3500
BURST = 20


def test_a_stalled_reader_is_cut_and_delays_nobody(database: Settings, admin: str) -> None:
    hello, jobs = {"type": "hello", "token": admin}, {"type": "subscribe", "topic": "jobs"}
    with (
        redis.Redis.from_url(database.redis_url.get_secret_value()) as bell,
        RelayThread(database, Limits(buffer_bytes=1 << 18, farewell_seconds=0.2)) as relay,
        Ear(relay.url, admin) as good,
        deaf_client(relay.port, hello, jobs),
    ):
        good.subscribe(topic="jobs")
        name = channel(database.queue_namespace)
        until(lambda: relay.metric("subscriptions") == 2 and bell.pubsub_numsub(name)[0][1] == 1)
        sent = 0
        while relay.metric('cut_total{reason="slow"}') == 0:
            assert sent < 10_000, "the kernel cannot hold all that"
            numbers = range(sent, sent + BURST)
            for number in numbers:
                bell.publish(name, telemetry({"number": number, "text": PAYLOAD}))
            assert [good.hear()["data"]["number"] for _ in numbers] == list(numbers)
            sent += BURST
        until(lambda: relay.metric("connections") == 1, what="the stalled one is out")
        bell.publish(name, telemetry({"number": sent}))
        assert good.hear()["data"] == {"number": sent}


def test_one_that_is_slow_but_reads_on_is_told_to_reload(database: Settings, admin: str) -> None:
    with (
        redis.Redis.from_url(database.redis_url.get_secret_value()) as bell,
        RelayThread(database, Limits(buffer_bytes=1 << 16, farewell_seconds=300)) as relay,
        Ear(relay.url, admin) as slow,
    ):
        slow.subscribe(topic="jobs")
        name, sent = channel(database.queue_namespace), 0
        until(lambda: bell.pubsub_numsub(name)[0][1] == 1)
        while relay.metric('cut_total{reason="slow"}') == 0:
            assert sent < 10_000, "the kernel cannot hold all that"
            with bell.pipeline(transaction=False) as pipe:
                for number in range(sent, sent + 10 * BURST):
                    pipe.publish(name, telemetry({"number": number, "text": PAYLOAD}))
                pipe.execute()
            sent += 10 * BURST
        code, said = slow.end()
        assert code == 4411
        numbers = [message["data"]["number"] for message in said]
        assert numbers == list(range(len(numbers)))  # whole, up to where it was cut
        assert len(numbers) < sent


def telemetry(data: dict[str, Any]) -> str:
    return json.dumps({"type": "admin:job-completed", "data": data})


def test_a_client_that_answers_no_ping_is_dropped_and_others_stay(database: Settings, admin: str) -> None:
    limits = Limits(
        ping_seconds=0.2, silence_seconds=5
    )  # a busy machine may stop the good one for a second or two
    with (
        RelayThread(database, limits) as relay,
        Ear(relay.url, admin) as good,
        deaf_client(relay.port, {"type": "hello", "token": admin}),
    ):
        until(lambda: relay.metric("connections") == 2, what="both are in")
        until(lambda: relay.metric('cut_total{reason="silent"}') == 1, what="the dead one is cut")
        until(lambda: relay.metric("connections") == 1, what="the dead one is out")
        good.say("ping")
        assert good.hear() == {"type": "pong"}


def test_a_replay_waits_for_its_own_client_and_only_so_long(database: Settings, admin: str) -> None:
    order, begin = a_settled_order(), cursors.write(here())
    order.advance(OrderState.PAID, actor="test")
    for dst in (OrderState.FAILED, OrderState.PAID) * 50:  # together more than the kernel buffers
        assert order.advance(dst, actor="test", data={"text": "x" * 100_000})
    hello = {"type": "hello", "token": admin}
    replay = {"type": "subscribe", "topic": "orders", "cursor": begin}
    with (
        RelayThread(database, Limits(send_seconds=2)) as relay,
        Ear(relay.url, admin) as good,
        deaf_client(relay.port, hello, replay),
    ):
        until(lambda: relay.metric('cut_total{reason="slow"}') == 1, what="the deaf one is cut")
        until(lambda: relay.metric("connections") == 1, what="the deaf one is out")
        assert good.subscribe(topic="orders", cursor=begin)["recovered"] is True
        assert [good.hear()["seq"] for _ in range(101)] == list(range(2, 103))
