"""A small real HTTP server in the shop's place: keeps what was sent to it, answers as it is told."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

__all__ = ["Received", "Receiver"]


@dataclass(frozen=True)
class Received:
    path: str
    headers: Message
    body: bytes


class Receiver:
    """`answer` is asked for the status of each notice, given all that came so far."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: Callable[[list[Received]], int] = lambda _: 200
        self._changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def take(self, notice: Received) -> int:
        with self._changed:
            self.received.append(notice)
            self._changed.notify_all()
            return self.answer(self.received)

    def wait_for(self, number: int, seconds: float = 60.0) -> list[Received]:
        """At least so many notices, in the order of their arrival; fails after so many seconds."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.received) >= number, seconds), len(self.received)
            return list(self.received)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._server.socket.shutdown(socket.SHUT_RDWR)
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.take(Received(self.path, self.headers, body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    return Handler
