"""The relay as a server: its door, its tasks, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import math
import random
from collections.abc import Awaitable
from typing import Self
from urllib.parse import urlsplit

import structlog
from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.http11 import Request, Response
from websockets.typing import Origin

from bitloot.errors import Retryable
from bitloot.settings import Settings
from bitloot.tokens import Tokens
from web.addresses import client_address, neighbourhood
from web.relay import events
from web.relay.bell import Bell, channel
from web.relay.crowd import Crowd, Refused
from web.relay.follower import Follower
from web.relay.hub import Hub
from web.relay.limits import Limits, connections_allowed
from web.relay.messages import Close
from web.relay.metrics import Metrics
from web.relay.reading import Reading
from web.relay.seat import ClientConnection, Seat
from web.relay.session import Session

__all__ = ["PATH", "Relay"]

log = structlog.get_logger(__name__)

PATH = "/fulfillment"


def quiet_logger() -> logging.Logger:
    """The library's debug level writes frames, and the first frame of each client is its token."""
    logger = logging.getLogger("web.relay.connections")
    logger.setLevel(logging.WARNING)
    return logger


class Relay:
    """Needs a configured db package. `async with Relay(settings) as relay` serves until the block ends."""

    def __init__(self, settings: Settings, limits: Limits | None = None) -> None:
        self.limits = limits or Limits.from_settings(settings)
        self.metrics = Metrics()
        self.hub = Hub(self.metrics)
        self._settings = settings
        self._tokens = Tokens.from_settings(settings)
        self._reading = Reading(self.limits)
        look = settings.relay_look_seconds
        self._follower = Follower(self.hub, self._reading, self.metrics, self.limits, look_seconds=look)
        self._tasks: list[asyncio.Task[None]] = []
        self._server: Server | None = None
        self._crowd = Crowd(self.limits, connections_allowed(self.limits))

    @property
    def port(self) -> int:
        """Where it listens; of use when the settings say 0."""
        assert self._server is not None  # noqa: S101 - after start
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> None:
        """Takes its place in the journal, then opens the door. Raises Retryable and OSError."""
        await self._follower.start()
        self._server = await serve(
            self._serve_client,
            self._settings.relay_host,
            self._settings.relay_port,
            origins=self._origins(),
            process_request=self._admit,
            create_connection=ClientConnection,
            compression=None,
            server_header=None,
            open_timeout=self.limits.hello_seconds,
            ping_interval=None,  # Seat.check_pulse, which does not wait for the client
            close_timeout=self.limits.hello_seconds,
            max_size=self.limits.message_bytes,
            max_queue=2,
            logger=quiet_logger(),
        )
        self._tasks = [asyncio.create_task(self._follower.run()), asyncio.create_task(self._check_pulses())]
        self._tasks.append(asyncio.create_task(self._check_rights()))
        if url := self._settings.redis_url.get_secret_value():
            bell = Bell(self.hub, self._follower.ring, self.metrics, self.limits)
            name = channel(self._settings.queue_namespace)
            self._tasks.append(asyncio.create_task(bell.listen(url, name)))
        log.info("relay listens", action="relay_up", port=self.port)

    async def run(self, stop: Awaitable[object]) -> None:
        """Serves until `stop` is done. Raises if one of its own tasks fails: better none than a deaf relay."""
        async with self:
            stopped = asyncio.ensure_future(stop)
            done, _ = await asyncio.wait({stopped, *self._tasks}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    async def stop(self) -> None:
        """Turns new clients away, sends the others off with a time to come back, and waits a little for them."""
        for seat in self.hub.seats:
            after = random.uniform(0, self.limits.spread_seconds)  # noqa: S311 - not a secret
            broadcast([seat.connection], events.reconnect(after), text=True)
        if self._server is not None:
            self._server.close(code=Close.RESTART, reason="The relay is restarting.")
            await self._drained(self._server)
        for task in self._tasks:
            await _end(task)
        self._reading.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _drained(self, server: Server) -> None:
        """The library waits for a client that does not read as long as that client likes; we do not."""
        for seconds in (self.limits.drain_seconds, 1.0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await server.wait_closed()
                return
            for seat in self.hub.seats:
                seat.abort("drained")

    async def _serve_client(self, connection: ServerConnection) -> None:
        assert isinstance(connection, ClientConnection)  # noqa: S101 - see create_connection
        seat = Seat(connection, self.limits, self.metrics)
        await Session(
            seat,
            hub=self.hub,
            reading=self._reading,
            tokens=self._tokens,
            metrics=self.metrics,
            limits=self.limits,
        ).run()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Everything but a handshake on the one path with room left."""
        path, _, query = request.path.partition("?")
        if path == "/healthz":
            return _page(connection, 200, json.dumps({"status": "ok"}), "application/json")
        if path == "/metrics":
            return _page(connection, 200, self.metrics.text(), "text/plain; version=0.0.4; charset=utf-8")
        if path != PATH:
            return _page(connection, 404, "There is nothing here.\n")
        if query:
            return _page(connection, 400, "The token goes into the first message, never into the address.\n")
        return self._let_in(connection, request)

    def _let_in(self, connection: ServerConnection, request: Request) -> Response | None:
        assert isinstance(connection, ClientConnection)  # noqa: S101 - see create_connection
        peer = str((connection.remote_address or ("",))[0])
        address = client_address(peer, ",".join(request.headers.get_all("X-Forwarded-For")))
        refused = self._crowd.enter(connection, neighbourhood(address))
        if refused is None:
            connection.crowd = self._crowd
            return None
        self.metrics.cut.labels(refused.value).inc()
        status = 429 if refused is Refused.ADDRESS else 503
        response = _page(connection, status, "No more clients now; try again later.\n")
        response.headers["Retry-After"] = str(math.ceil(self.limits.hello_seconds))
        return response

    def _origins(self) -> list[Origin | None]:
        """Browsers name the page's origin and only ours and those set may connect; other clients name none."""
        own = urlsplit(self._settings.public_url)
        return [None, Origin(f"{own.scheme}://{own.netloc}"), *map(Origin, self._settings.relay_origins)]

    async def _check_pulses(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self.limits.ping_seconds / 4)
            for seat in self.hub.seats:
                seat.check_pulse(loop.time())

    async def _check_rights(self) -> None:
        """While the database is away nothing is told either, so nobody is shown out for that."""
        while True:
            await asyncio.sleep(self.limits.rights_seconds)
            with contextlib.suppress(Retryable):
                if grants := self.hub.grants():
                    self.hub.withdraw(await self._reading.ended(grants))


async def _end(task: asyncio.Task[None]) -> None:
    """Cancels until it holds: redis-py swallows a cancellation that reaches it while it connects."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.1)


def _page(
    connection: ServerConnection, status: int, text: str, kind: str = "text/plain; charset=utf-8"
) -> Response:
    response = connection.respond(status, text)
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = kind
    response.headers["Cache-Control"] = "no-store"
    return response
