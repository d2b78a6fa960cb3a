"""Consumers wake when a message comes; where a wake-up was lost, one thread of the process asks for all of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import dramatiq
import pytest
from dramatiq import Broker, Message, MessageProxy
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import BrokerConnectionError
from dramatiq.middleware import Middleware, MiddlewareError

from actors.broker import build_broker, redis_client
from actors.prompt import PromptConsumer, PromptRedisBroker
from bitloot.settings import Settings
from tests.waiting import until


@pytest.fixture
def prompt(settings: Settings) -> PromptRedisBroker:
    broker = build_broker(settings)
    assert isinstance(broker, PromptRedisBroker)
    broker.middleware.clear()
    return broker


@pytest.fixture
def without_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Consumers have nothing but wake-ups: a look comes later than any test waits."""
    monkeypatch.setattr("actors.prompt.LOOK_EVERY", 60.0)
    monkeypatch.setattr("actors.prompt.LOOK_ANYWAY", 60.0)


def stop(worker: dramatiq.Worker, broker: PromptRedisBroker) -> None:
    """Its consumers, of the delayed messages too, sleep until they are woken, so they hear of the end only then."""
    ending = threading.Thread(target=worker.stop)
    ending.start()
    while ending.is_alive():
        for wake in list(broker.wakes.values()):
            wake.set()
        ending.join(0.05)


@pytest.fixture
def done(prompt: PromptRedisBroker) -> Iterator[list[str]]:
    """What the actor `note` of a running worker was told."""
    told: list[str] = []

    @dramatiq.actor(broker=prompt, queue_name="note")
    def note(text: str) -> None:
        told.append(text)

    worker = dramatiq.Worker(prompt, worker_threads=2)
    worker.start()
    yield told
    stop(worker, prompt)


def test_a_message_from_another_process_wakes_the_consumer(
    prompt: PromptRedisBroker, settings: Settings, without_looks: None, done: list[str]
) -> None:
    other = build_broker(settings)
    other.middleware.clear()
    other.declare_queue("note")
    subscribed = f"{settings.queue_namespace}:wake".encode()
    client = redis_client(settings.redis_url.get_secret_value())
    until(lambda: dict(client.pubsub_numsub(subscribed)).get(subscribed, 0) > 0, what="the listener")
    for number in range(10):
        other.enqueue(dramatiq.Message("note", "note", (str(number),), {}, {}))
        until(lambda n=number: len(done) > n, what="the message")  # type: ignore[misc]
    assert done == [str(number) for number in range(10)]


def test_a_wake_up_that_nobody_can_read_does_not_end_the_listener(
    prompt: PromptRedisBroker, settings: Settings, without_looks: None, done: list[str]
) -> None:
    """Whoever reaches Redis may publish (RELIABILITY §3, row 25). What only wake-ups bring shows who listens."""
    channel = f"{settings.queue_namespace}:wake"
    client = redis_client(settings.redis_url.get_secret_value())
    until(lambda: client.publish(channel, b"\xff\xfe") > 0, what="the listener")
    known = len(prompt.wakes)
    for number in range(10):
        client.publish(channel, f"nobody's-{number}")
    other = build_broker(settings)
    other.middleware.clear()
    other.declare_queue("note")
    other.enqueue(dramatiq.Message("note", "note", ("after",), {}, {}))
    until(lambda: done == ["after"], what="the message")
    assert len(prompt.wakes) == known


def test_what_a_full_redis_says_to_a_consumer_that_closes_does_not_end_its_thread(
    prompt: PromptRedisBroker, settings: Settings
) -> None:
    """dramatiq's thread survives a lost connection there, and nothing else."""
    consumer = prompt.consume("note", prefetch=1)
    prompt.declare_queue("note")
    prompt.enqueue(Message("note", "note", (), {}, {}))
    found: list[MessageProxy] = []
    until(lambda: bool(found.extend(one for one in [next(consumer)] if one) or found), what="the message")  # type: ignore[func-returns-value]
    prompt.client.config_set("maxmemory", "1")
    try:
        with pytest.raises(BrokerConnectionError):
            consumer.requeue(found)
    finally:
        prompt.client.config_set("maxmemory", "0")


def test_every_message_runs_once_under_load(prompt: PromptRedisBroker, done: list[str]) -> None:
    note = prompt.get_actor("note")
    threads = [
        threading.Thread(target=lambda t=t: [note.send(f"{t}-{n}") for n in range(50)]) for t in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: len(done) >= 200, what="200 messages")
    assert len(set(done)) == len(done) == 200


def test_many_messages_go_in_one_round_trip_and_survive_a_forgotten_script(
    prompt: PromptRedisBroker, done: list[str], settings: Settings
) -> None:
    note = prompt.get_actor("note")
    prompt.enqueue_all([note.message(str(number)) for number in range(20)])
    until(lambda: len(done) == 20, what="20 messages")
    redis_client(settings.redis_url.get_secret_value()).script_flush()  # as a restarted server
    prompt.enqueue_all([note.message(str(number)) for number in range(20, 40)])
    until(lambda: len(done) == 40, what="40 messages")
    assert sorted(done, key=int) == [str(number) for number in range(40)]


def test_a_place_that_is_freed_during_a_look_is_not_missed(
    prompt: PromptRedisBroker, without_looks: None
) -> None:
    """The consumer must get through a backlog by wake-ups alone."""
    told: list[int] = []

    @dramatiq.actor(broker=prompt, queue_name="backlog")
    def work(number: int) -> None:
        threading.Event().wait(0.02)  # long enough for the whole batch to end together
        told.append(number)

    prompt.enqueue_all([work.message(number) for number in range(240)])
    worker = dramatiq.Worker(prompt, worker_threads=8)
    worker.queue_prefetch = 8
    worker.start()
    try:
        until(lambda: len(told) == 240, what="the backlog")
    finally:
        stop(worker, prompt)


def test_a_message_whose_wake_up_was_lost_is_found(
    prompt: PromptRedisBroker, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.prompt.LOOK_ANYWAY", 600.0)
    note = prompt.get_actor("note")
    note.send("first")
    until(lambda: done == ["first"], what="the first message")
    message = note.message("second").copy(options={"redis_message_id": "second"})
    store = RedisBroker.__getattr__(prompt, "do_enqueue")  # type: ignore[no-untyped-call]
    store("note", "second", message.encode())  # the stock one wakes nobody
    until(lambda: done == ["first", "second"], what="the message that nobody spoke of")


def test_a_consumer_that_nobody_woke_asks_nothing_for_a_while(
    prompt: PromptRedisBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.prompt.LOOK_EVERY", 0.001)
    looks: list[str] = []

    def fetch(_broker: PromptRedisBroker, queue_name: str, _count: int) -> list[bytes]:
        looks.append(queue_name)
        return []

    monkeypatch.setattr(PromptRedisBroker, "do_fetch", fetch, raising=False)
    consumer = PromptConsumer(prompt, "note", 2)
    assert [next(consumer) for _ in range(5)] == [None] * 5
    assert looks == ["note"]
    prompt.wakes["note"].set()
    assert next(consumer) is None
    monkeypatch.setattr("actors.prompt.LOOK_ANYWAY", 0.0)
    prompt.wakes["note"].set()
    assert [next(consumer) for _ in range(3)] == [None] * 3
    assert looks == ["note"] * 5


def test_whoever_listens_is_told_in_turn_and_one_that_breaks_stops_nobody(prompt: PromptRedisBroker) -> None:
    told: list[str] = []

    class Deaf(Middleware):
        pass

    class Loud(Middleware):
        def before_enqueue(self, broker: Broker, message: Message[None], delay: int | None) -> None:
            told.append("before")

        def after_enqueue(self, broker: Broker, message: Message[None], delay: int | None) -> None:
            told.append("after")

    class Broken(Loud):
        def before_enqueue(self, broker: Broker, message: Message[None], delay: int | None) -> None:
            raise ValueError("a bug")

    class Strict(Middleware):
        def before_enqueue(self, broker: Broker, message: Message[None], delay: int | None) -> None:
            raise MiddlewareError("not now")

    message: Message[None] = Message("note", "note", (), {}, {})
    for middleware in (Deaf(), Broken(), Loud()):
        prompt.add_middleware(middleware)
    prompt.enqueue(message)
    assert told == ["before", "after", "after"]
    prompt.add_middleware(Strict(), before=Broken)
    with pytest.raises(MiddlewareError):
        prompt.enqueue(message)
    assert told == ["before", "after", "after"]
