"""A Redis broker whose consumers wake when a message comes, and do not ask where none is.

Each queue has a consumer, and its delayed messages have another: two dozen in each process, which stock all ask Redis
once a second and more. Here one thread of the process asks for all of them, and wakes those for whom something waits.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import redis
from dramatiq import Consumer, Message
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.common import current_millis
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Middleware, MiddlewareError

__all__ = ["PromptRedisBroker"]

#: How often (seconds) one thread asks which queues have messages, in case a wake-up was lost.
LOOK_EVERY = 1.0

#: How often (seconds) a consumer looks without being woken. It is the process's sign of life as well, and brings back
#: what a dead worker had of its queue: well below the broker's heartbeat_timeout.
LOOK_ANYWAY = 10.0

#: What the stock consumer may sleep by itself (milliseconds) before this one waits to be woken.
STOCK_SLEEP = 1


class PromptConsumer(_RedisConsumer):
    """The stock consumer, but it looks only when there may be something: woken, or once in a while.

    Its thread comes by once a second all the same, for delayed messages whose time has come.
    """

    def __init__(self, broker: PromptRedisBroker, queue_name: str, prefetch: int) -> None:
        super().__init__(broker, queue_name, prefetch, STOCK_SLEEP)  # type: ignore[no-untyped-call]
        self._wake = broker.wakes[queue_name]
        self._resting = False  # the last look brought nothing: for want of messages, or of places for them
        self._emptied = False  # the last look found fewer than it asked for
        self._look_by = 0.0  # monotonic clock

    def __next__(self) -> Any:
        if self._resting and not self.message_cache:
            woken = self._wake.wait(LOOK_EVERY)
            if not woken and time.monotonic() < self._look_by:
                return None
        if not self.message_cache:
            self._look_by = time.monotonic() + LOOK_ANYWAY
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

    def requeue(self, messages: Any) -> None:
        """Raises ConnectionClosed whatever Redis says: its thread does so as it closes a consumer that broke, and by
        anything else (Redis is full, or takes no writes) that thread would end for good. Sweep finds the rows."""
        try:
            super().requeue(messages)  # type: ignore[no-untyped-call]
        except redis.RedisError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]

    def _place_is_free(self) -> None:
        """Wakes whenever more may wait than was taken. To ask instead whether all places were taken just before would
        miss a place that is freed while the consumer takes another message, and idle every thread for a second."""
        if not self._emptied:
            self._wake.set()


class PromptRedisBroker(RedisBroker):
    """Publishes the queue's name after each message; worker processes listen. A lost wake-up costs a second."""

    def __init__(self, **options: Any) -> None:
        self._hooked: tuple[list[Middleware], dict[str, list[Middleware]]] = ([], {})
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self.wakes: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        self._listener: threading.Thread | None = None
        self._lock = threading.Lock()

    def emit_before(self, signal: str, *args: Any, **kwargs: Any) -> None:
        """As the stock one, to those who listen: it calls an empty hook of all the others, a hundred for a message."""
        for middleware in self._listeners(hook := f"before_{signal}"):
            try:
                getattr(middleware, hook)(self, *args, **kwargs)
            except MiddlewareError:
                raise
            except Exception:
                self.logger.critical("Unexpected failure in %s of %r.", hook, middleware, exc_info=True)

    def emit_after(self, signal: str, *args: Any, **kwargs: Any) -> None:
        for middleware in reversed(self._listeners(hook := f"after_{signal}")):
            try:
                getattr(middleware, hook)(self, *args, **kwargs)
            except Exception:
                self.logger.critical("Unexpected failure in %s of %r.", hook, middleware, exc_info=True)

    def _listeners(self, hook: str) -> list[Middleware]:
        """Middleware whose `hook` is not the empty one that all inherit, in the broker's order."""
        known, found = self._hooked
        if known != self.middleware:  # by identity: it has a dozen
            known, found = self._hooked = (list(self.middleware), {})
        if hook not in found:
            empty = getattr(Middleware, hook, None)
            found[hook] = [one for one in known if getattr(type(one), hook, None) is not empty]
        return found[hook]

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
            threading.Event().wait(LOOK_EVERY)  # Redis is away, or does not let us listen
            self._wake(list(self.wakes))

    def _hear(self) -> None:
        with self.client.pubsub(ignore_subscribe_messages=True) as subscription:
            subscription.subscribe(self._channel)
            asked = -LOOK_EVERY
            while True:
                if time.monotonic() - asked >= LOOK_EVERY:
                    asked = time.monotonic()
                    self._wake(self._waiting())
                message = subscription.get_message(timeout=LOOK_EVERY)
                if message is not None:
                    self._wake([message["data"].decode(errors="replace")])

    def _waiting(self) -> list[str]:
        """Queues of ours in which messages are."""
        names = list(self.wakes)
        if not names or not self.client.exists(*(f"{self.namespace}:{name}" for name in names)):
            return []
        with self.client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.llen(f"{self.namespace}:{name}")
            return [name for name, count in zip(names, pipe.execute(), strict=True) if count]

    def _wake(self, queue_names: Sequence[str]) -> None:
        """Those that are ours: whoever can publish may name any, and each would stay."""
        for name in queue_names:
            if name in self.wakes:
                self.wakes[name].set()
