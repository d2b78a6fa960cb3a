"""One client's place: what waits in its buffer, when it was last heard, and how it is shown the door."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from websockets.asyncio.server import ServerConnection
from websockets.protocol import State

from web.relay.crowd import Crowd
from web.relay.limits import Limits
from web.relay.messages import Close, Cut, Key
from web.relay.metrics import Metrics
from web.relay.rights import Rights

if TYPE_CHECKING:
    from web.relay.hub import Subscription

__all__ = ["ClientConnection", "Seat"]

#: Seconds that a client gets to answer our close before the socket is dropped.
CLOSE_SECONDS = 3.0

TOO_SLOW = "Too slow: reload, or resume with the last cursor."


class ClientConnection(ServerConnection):
    """Notes when anything came from the client; a pong is enough."""

    heard: float = 0.0  # the event loop's time
    crowd: Crowd | None = None  # that it was let into

    def connection_lost(self, exc: Exception | None) -> None:
        if self.crowd is not None:
            self.crowd.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self.heard = self.loop.time()
        super().data_received(data)


@dataclass(eq=False, slots=True)
class Seat:
    """Without `rights` nothing is ever sent here but the answer to the first message."""

    connection: ClientConnection
    limits: Limits
    metrics: Metrics
    rights: Rights | None = None
    subscriptions: dict[Key, Subscription] = field(default_factory=dict)
    pinged: float = 0.0
    gone: bool = False

    def takes(self, key: Key, now: float) -> bool:
        """Whether an event about `key` may go to this client now; cuts one whose buffer is full.

        The library's broadcast has no such check, and its keepalive stops for a client that does not read
        (RELIABILITY §2.5, M11).
        """
        if self.gone or self.rights is None or not self.rights.may(key, now):
            return False
        if self.connection.transport.get_write_buffer_size() > self.limits.buffer_bytes:
            self.dismiss()
            return False
        return True

    def check_pulse(self, now: float) -> None:
        """Drops a client that was silent too long and pings one that was silent for a while; waits for nobody."""
        silent = now - self.connection.heard
        if self.gone or self.connection.protocol.state is not State.OPEN:
            return
        if silent > self.limits.silence_seconds:
            self.abort("silent")
        elif silent >= self.limits.ping_seconds and now - self.pinged >= self.limits.ping_seconds:
            # As the library's broadcast() writes: straight into the buffer. Its ping() would wait for room.
            self.pinged = now
            self.connection.protocol.send_ping(b"")
            self.connection.send_data()

    async def say(self, text: bytes) -> None:
        """Sends and waits for room in the buffer: only ever from the client's own task. Raises Cut."""
        try:
            async with asyncio.timeout(self.limits.send_seconds):
                await self.connection.send(text, text=True)
        except TimeoutError:
            raise Cut(Close.SLOW, TOO_SLOW) from None

    async def close(self, code: Close, reason: str) -> None:
        """Closes with a code; a client that does not take even that is dropped."""
        if not self.gone:
            self.metrics.cut.labels(code.name.lower()).inc()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.connection.close(code, reason)
        except TimeoutError:
            self.connection.transport.abort()

    def dismiss(self) -> None:
        """For a client that is too slow: nothing more but the close behind what waits for it already. One that reads
        on learns what happened; one that does not is dropped soon."""
        self.gone = True
        self.metrics.cut.labels("slow").inc()
        connection = self.connection
        if connection.protocol.state is State.OPEN:
            connection.protocol.send_close(Close.SLOW, TOO_SLOW)
            connection.send_data()
        connection.loop.call_later(self.limits.farewell_seconds, connection.transport.abort)

    def abort(self, reason: str) -> None:
        """Ends the connection at once; a close frame would only queue up behind what the client does not read."""
        self.gone = True
        self.metrics.cut.labels(reason).inc()
        self.connection.transport.abort()
