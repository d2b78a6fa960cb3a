"""Consumers wake when a message comes; without a wake-up they look once a second."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import dramatiq
import pytest

from actors.broker import build_broker, redis_client
from actors.prompt import PromptRedisBroker
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
