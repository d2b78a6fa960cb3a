"""Hands messages to the queue behind the caller's back: a handler answers when its commit is done, Redis or not."""

from __future__ import annotations

import atexit
import queue
import threading
from typing import Any

import dramatiq
import structlog
from dramatiq import Message

from actors.broker import broker
from actors.prompt import PromptRedisBroker
from actors.story import rider
from bitloot.pace import Pace

__all__ = ["message_to", "post", "send", "stop"]

log = structlog.get_logger(__name__)

#: Messages that may wait; beyond this they are dropped, since sweep finds the rows that they speak of.
CAPACITY = 10_000

#: Messages that go in one round trip.
BATCH = 64

#: Between two trips (seconds): a message that comes after a quiet while goes at once, those of a busy one go together.
APART = 0.01

#: How long (seconds) a stopping process waits for messages still on their way.
FLUSH = 3.0


class _Courier:
    """One thread per process that enqueues."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Message[Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._thread.start()

    def send(self, message: Message[Any]) -> None:
        if self._waiting.qsize() < CAPACITY:
            self._waiting.put(message)
        else:
            log.warning(
                "message dropped; sweep will find its row", action="post_dropped", actor=message.actor_name
            )

    def stop(self) -> None:
        self._waiting.put(None)
        self._thread.join(FLUSH)

    def _run(self) -> None:
        going, pace = True, Pace(APART)
        while going:
            first = self._waiting.get()
            if first is not None:
                pace.begin()
            messages = self._gather(first)
            going = messages[-1] is not None
            try:
                _enqueue([message for message in messages if message is not None])
            except Exception as error:  # whatever the broker raises, the committed row is the outbox
                lost = len(messages) + self._drop()
                log.warning("messages not sent", action="post_failed", count=lost, error=type(error).__name__)

    def _gather(self, first: Message[Any] | None) -> list[Message[Any] | None]:
        """What waits, up to the word to stop (None) or BATCH."""
        messages = [first]
        while messages[-1] is not None and len(messages) < BATCH:
            try:
                messages.append(self._waiting.get_nowait())
            except queue.Empty:
                break
        return messages

    def _drop(self) -> int:
        """What waits behind a failure would wait for the same failure; how many were dropped."""
        dropped = 0
        while True:
            try:
                message = self._waiting.get_nowait()
            except queue.Empty:
                return dropped
            if message is None:
                self._waiting.put(None)
                return dropped
            dropped += 1


def _enqueue(messages: list[Message[Any]]) -> None:
    """One round trip where the broker can."""
    if isinstance(broker, PromptRedisBroker):
        broker.enqueue_all(messages)
        return
    for message in messages:
        broker.enqueue(message)


_courier: _Courier | None = None
_lock = threading.Lock()


def post(actor: dramatiq.Actor[..., Any], *ids: str) -> None:
    """Sends `actor` its ids soon. Never raises, never waits; call after the commit."""
    send(message_to(actor, *ids))


def message_to(actor: dramatiq.Actor[..., Any], *ids: str) -> Message[Any]:
    """What `post` sends: it carries the story and the trace of who asks for it here."""
    return actor.message_with_options(args=ids, kwargs={}, **rider())


def send(message: Message[Any]) -> None:
    """The second half of `post`: for a message that was made before, perhaps by another."""
    global _courier
    if _courier is None:
        with _lock:
            if _courier is None:
                _courier = _Courier()
                atexit.register(stop)
    _courier.send(message)


def stop() -> None:
    """Sends what waits, for a short while, and ends the thread."""
    global _courier
    with _lock:
        courier, _courier = _courier, None
    if courier is not None:
        courier.stop()
