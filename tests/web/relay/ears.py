"""Clients of the relay as tests need them: one that listens, one that does not, and the relay's own process."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
import sys
import threading
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.sync.client import connect

from bitloot.engines.ports import free_port
from bitloot.engines.process import Process
from bitloot.settings import Settings
from bitloot.states import OrderState
from db import Order
from db.journal import Cursor, behind, head
from tests.factories import an_order
from tests.waiting import until
from tests.web.relay.schemas import FROM_RELAY
from web.relay.limits import Limits
from web.relay.server import Relay

__all__ = ["Ear", "RelayProcess", "RelayThread", "a_settled_order", "deaf_client", "heard_until", "here"]

#: Seconds that anything may take which comes by itself.
PATIENCE = 60.0


class Ear:
    """A client that says hello, if it has a token, and hears one message at a time."""

    def __init__(self, url: str, token: str | None = None, cursor: str | None = None, **options: Any) -> None:
        self._connecting = connect(url, compression=None, proxy=None, max_size=1 << 20, **options)
        self._hello = {"token": token} | ({} if cursor is None else {"cursor": cursor})

    def __enter__(self) -> Self:
        self.socket = self._connecting.__enter__()
        if self._hello["token"] is not None:
            self.say("hello", **self._hello)
            self.welcome = self.hear()
        return self

    def __exit__(self, *error: Any) -> None:
        self._connecting.__exit__(*error)

    def say(self, kind: str, **fields: Any) -> None:
        self.socket.send(json.dumps({"type": kind, **fields}))

    def hear(self, seconds: float = PATIENCE) -> dict[str, Any]:
        """One message, which is as docs/relay/from-relay.json promises."""
        said = json.loads(self.socket.recv(timeout=seconds))
        FROM_RELAY.validate(said)
        assert isinstance(said, dict)
        return said

    def subscribe(self, **key: Any) -> dict[str, Any]:
        """What the relay answers."""
        self.say("subscribe", **key)
        return self.hear()

    def end(self) -> tuple[int, list[dict[str, Any]]]:
        """The close code, and what was said before it."""
        said = []
        try:
            while True:
                said.append(self.hear())
        except ConnectionClosed as closed:
            return (closed.rcvd.code if closed.rcvd else 1006), said


def heard_until(ear: Ear, cursor: str) -> list[dict[str, Any]]:
    """Events up to the one at `cursor`, in the order in which they came."""
    events = [ear.hear()]
    while events[-1]["cursor"] != cursor:
        events.append(ear.hear())
    return events


def here() -> Cursor:
    """The journal's end, once all that committed is settled: open transactions of any database of the server, other
    tests' among them, hold that up for a moment."""
    until(lambda: behind(head(), 1) == 0, what="everything is settled")
    return head()


def a_settled_order(state: OrderState = OrderState.CREATED) -> Order:
    """An order in `created` or `paid` whose moves every look can see."""
    order = an_order()
    if state is OrderState.PAID:
        assert order.advance(state, actor="tester", reason="secret reason")
    here()
    return order


def deaf_client(port: int, *messages: Mapping[str, Any]) -> socket.socket:
    """Shakes hands, says `messages`, and reads nothing ever after; its receive buffer is small."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE)
    client.connect(("127.0.0.1", port))
    key = base64.b64encode(os.urandom(16)).decode()
    client.sendall(
        f"GET /fulfillment HTTP/1.1\r\nHost: relay\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += client.recv(1)
    assert answer.startswith(b"HTTP/1.1 101")
    for message in messages:
        client.sendall(Frame(Opcode.TEXT, json.dumps(message).encode()).serialize(mask=True))
    return client


class _Address:
    """Where a relay listens, and what it says of itself."""

    port: int

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/fulfillment"

    def page(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE) as answer:
            return str(answer.read().decode())

    def metric(self, name: str) -> float:
        """The value of `name`, labels included as Prometheus writes them; 0 before its first event."""
        lines = (line.rpartition(" ") for line in self.page("/metrics").splitlines())
        return next((float(value) for key, _, value in lines if key == f"bitloot_relay_{name}"), 0.0)


class RelayThread(_Address):
    """The relay in a thread of the test, on a free port or the given one, with limits of the test's choice."""

    def __init__(self, settings: Settings, limits: Limits | None = None, port: int = 0) -> None:
        self._settings = settings.model_copy(update={"relay_port": port})
        self._limits = limits
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(PATIENCE)
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with Relay(self._settings, self._limits) as relay:
                self.port = relay.port
                self._ready.set()
                await self._stop.wait()
        except BaseException as failure:
            self._failure = failure
            self._ready.set()


@dataclass
class RelayProcess(_Address):
    """`python -m web.relay` as it runs in production."""

    process: Process
    port: int

    @classmethod
    def start(cls, environ: Mapping[str, str], log: Path, **changes: str) -> RelayProcess:
        port = free_port()
        env = {**environ, "RELAY_PORT": str(port), **changes}
        process = Process("relay", [sys.executable, "-m", "web.relay"], env, log).start()
        process.wait_for(port)
        return cls(process, port)
