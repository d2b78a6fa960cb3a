"""A Redis broker whose consumers wake when a message comes, instead of at their next look up to a second later."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import redis
from dramatiq import Consumer, Message
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.common import current_millis

__all__ = ["PromptRedisBroker"]

#: How often (seconds) a consumer looks without being woken: what the stock broker does when idle.
LOOK_EVERY = 1.0

#: What the stock consumer may sleep by itself (milliseconds) before this one waits to be woken.
STOCK_SLEEP = 1


class PromptConsumer(_RedisConsumer):
    """The stock consumer, but it looks only when there may be something: woken, or once in a while."""

    def __init__(self, broker: PromptRedisBroker, queue_name: str, prefetch: int) -> None:
        super().__init__(broker, queue_name, prefetch, STOCK_SLEEP)  # type: ignore[no-untyped-call]
        self._wake = broker.wakes[queue_name]
        self._resting = False  # the last look brought nothing: for want of messages, or of places for them
        self._emptied = False  # the last look found fewer than it asked for

    def __next__(self) -> Any:
        if self._resting and not self.message_cache:
            self._wake.wait(LOOK_EVERY)
        self._wake.clear()  # before the look: what comes after it is not missed
        known = len(self.message_cache)
        wanted = self.prefetch - self.outstanding_message_count
        message = super().__next__()  # type: ignore[no-untyped-call]
        if known == 0:
            found = len(self.message_cache) + (message is not None)
            self._emptied = found < wanted
            self._resting = message is None or self._emptied
        return message

    def ack(self, message: Any) -> None:
        super().ack(message)  # type: ignore[no-untyped-call]
        self._place_is_free()

    def nack(self, message: Any) -> None:
        super().nack(message)  # type: ignore[no-untyped-call]
        self._place_is_free()

    def _place_is_free(self) -> None:
        """Wakes whenever more may wait than was taken. To ask instead whether all places were taken just before would
        miss a place that is freed while the consumer takes another message, and idle every thread for a second."""
        if not self._emptied:
            self._wake.set()


class PromptRedisBroker(RedisBroker):
    """Publishes the queue's name after each message; worker processes listen. A lost wake-up costs a second."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self.wakes: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        self._listener: threading.Thread | None = None
        self._lock = threading.Lock()

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> Consumer:
        with self._lock:
            if self._listener is None:
                self._listener = threading.Thread(target=self._listen, name="wake", daemon=True)
                self._listener.start()
        return PromptConsumer(self, queue_name, prefetch)

    def do_enqueue(self, queue_name: str, *args: Any) -> None:
        """Stores the message, then wakes whoever consumes its queue. Raises only if storing failed."""
        self._dispatch("enqueue")(queue_name, *args)  # type: ignore[no-untyped-call]
        self.wakes[queue_name].set()
        with contextlib.suppress(redis.RedisError):
            self.client.publish(self._channel, queue_name)

    def next_of(self, queue_name: str) -> Message[Any] | None:
        """The message that is fetched next; None where none waits. Delayed ones do not wait here."""
        name = f"{self.namespace}:{queue_name}"
        stored = self.client.lindex(name, 0)
        data: Any = None if stored is None else self.client.hget(f"{name}.msgs", stored)
        return None if data is None else Message.decode(data)

    def enqueue_all(self, messages: Sequence[Message[Any]]) -> None:
        """As `enqueue` for each, in one round trip. Raises if any may not have been stored."""
        ready = [message.copy(options={"redis_message_id": str(uuid4())}) for message in messages]
        for message in ready:
            self.emit_before("enqueue", message, None)
        for message, answer in zip(ready, self._store(ready), strict=False):
            if isinstance(
                answer, redis.exceptions.NoScriptError
            ):  # a restarted server: this teaches it again
                self.do_enqueue(message.queue_name, message.options["redis_message_id"], message.encode())
            elif isinstance(answer, Exception):
                raise answer
        for message in ready:
            self.emit_after("enqueue", message, None)

    def _store(self, messages: Sequence[Message[Any]]) -> list[Any]:
        """The server's answer to each message, then to each wake-up; errors are among them."""
        sha = self.scripts["dispatch"].sha
        with self.client.pipeline(transaction=False) as pipe:
            for message in messages:
                head = [
                    "enqueue",
                    current_millis(),
                    message.queue_name,
                    self.broker_id,
                    self.heartbeat_timeout,
                ]
                head += [self.dead_message_ttl, 0, self._max_unpack_size()]  # type: ignore[no-untyped-call]
                body = [message.options["redis_message_id"], message.encode()]
                pipe.evalsha(sha, 1, self.namespace, *head, *body)
            for queue_name in {message.queue_name for message in messages}:
                self.wakes[queue_name].set()
                pipe.publish(self._channel, queue_name)
            return list(pipe.execute(raise_on_error=False))

    @property
    def _channel(self) -> str:
        return f"{self.namespace}:wake"

    def _listen(self) -> None:
        while True:
            with contextlib.suppress(redis.RedisError, OSError):
                self._hear()
            threading.Event().wait(LOOK_EVERY)  # Redis is away; the consumers look by themselves

    def _hear(self) -> None:
        with self.client.pubsub(ignore_subscribe_messages=True) as subscription:
            subscription.subscribe(self._channel)
            while True:
                message = subscription.get_message(timeout=10)
                if message is not None:
                    self.wakes[message["data"].decode()].set()
