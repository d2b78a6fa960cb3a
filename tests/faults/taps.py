"""What passes by and lies nowhere: the relay's frames, Valkey's commands, the environments of processes."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import redis
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.waiting import descendants, until

__all__ = ["RelayTap", "Tap", "ValkeyTap", "environments"]

#: Seconds after which a tap looks whether it is to end.
LOOK = 0.1


class Tap:
    """Gathers `pieces` in a thread of its own for as long as the block lasts."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        until(lambda: self.ready, what=f"the {type(self).__name__}")
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(20)

    @property
    def ready(self) -> bool:
        """Whether what happens from now on is heard."""
        return bool(self.pieces)

    @property
    def listening(self) -> bool:
        return self._thread.is_alive()

    @property
    def all(self) -> bytes:
        return b"\n".join(self.pieces)

    def _listen(self) -> None:
        raise NotImplementedError


class RelayTap(Tap):
    """Every frame that the relay sends to whoever has `token`: a buyer about the order, an admin about `topics`."""

    def __init__(self, url: str, token: str, *topics: str) -> None:
        super().__init__()
        self._url, self._token, self._topics = url, token, topics

    @property
    def ready(self) -> bool:
        return sum(b'"subscribed"' in piece for piece in self.pieces) >= max(1, len(self._topics))

    def _listen(self) -> None:
        with (
            connect(self._url, compression=None, proxy=None) as socket,
            contextlib.suppress(ConnectionClosed),
        ):
            socket.send(json.dumps({"type": "hello", "token": self._token}))
            self.pieces.append(socket.recv(decode=False))  # the welcome
            for topic in self._topics:
                socket.send(json.dumps({"type": "subscribe", "topic": topic}))
            while not self._over.is_set():
                with contextlib.suppress(TimeoutError):
                    self.pieces.append(socket.recv(timeout=LOOK, decode=False))


class ValkeyTap(Tap):
    """Every command that Valkey is given, so that a value counts that is gone again when anybody looks."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def _listen(self) -> None:
        with redis.Redis.from_url(self._url) as client, client.monitor() as monitor:
            connection: Any = monitor.connection
            self.pieces.append(b"MONITOR")
            while not self._over.is_set():
                if connection.can_read(timeout=LOOK):
                    self.pieces.append(connection.read_response(disable_decoding=True))


def environments(of: int) -> Iterator[bytes]:
    """Environment and command line of each living process below `of` that we may look into."""
    for pid in descendants(of):
        for name in ("environ", "cmdline"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
                yield Path(f"/proc/{pid}/{name}").read_bytes()
