"""Requests on their way in, and how much memory all of them may take."""

from __future__ import annotations

import socket
import time
from collections.abc import Hashable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gunicorn import http  # type: ignore[import-untyped]
from gunicorn.http.message import Request  # type: ignore[import-untyped]
from gunicorn.http.unreader import Unreader  # type: ignore[import-untyped]

from web.framing import Framing
from web.limits import MAX_HELD, SMALL

__all__ = ["Arrival", "Held", "parser_of_what_came", "receive", "send", "unblock"]

#: What one look at a socket takes (bytes).
PIECE = 64 * 1024

C = TypeVar("C", bound=Hashable)


@dataclass
class Arrival:
    """A request on its way in."""

    framing: Framing = field(default_factory=Framing)
    since: float = field(default_factory=time.monotonic)
    watched: bool = False  # whether the poller knows the socket
    continued: bool = False  # whether the client was told to send its body


class Held:
    """Bytes of requests that one process keeps, from their first byte to their answer, by connection.

    Each is bounded by its framing; this bounds all of them together, however many connections there are.
    """

    def __init__(self, most: int = MAX_HELD) -> None:
        self._most = most
        self._sizes: dict[Hashable, int] = {}
        self.total = 0

    def note(self, connection: Hashable, size: int) -> None:
        self.total += size - self._sizes.get(connection, 0)
        self._sizes[connection] = size

    def release(self, connection: Hashable) -> None:
        self.total -= self._sizes.pop(connection, 0)

    def has_room(self, connection: Hashable) -> bool:
        """Whether this one may stay: a notice is small, and is not turned away because of others who are large."""
        return self.total <= self._most or self._sizes.get(connection, 0) <= SMALL

    def largest(self, among: Iterable[C]) -> C | None:
        """Who has to go, if somebody has to."""
        if self.total <= self._most:
            return None
        found = max(among, key=lambda connection: self._sizes.get(connection, 0), default=None)
        return None if found is None or self.has_room(found) else found


class _Gathered(Unreader):  # type: ignore[misc]
    """What has arrived, and nothing more: whoever reads on finds the end and does not wait for the client."""

    peer_is_trusted: bool | None = None  # not known before the first request

    def chunk(self, size_hint: int | None = None) -> bytes:
        return b""


class _Request(Request):  # type: ignore[misc]
    """Whether the peer is a trusted proxy is found out once for a connection: to read its address takes gunicorn longer
    than to parse a notice."""

    def _peer_is_trusted_proxy(self) -> bool:
        known: bool | None = self.unreader.peer_is_trusted
        if known is None:
            known = self.unreader.peer_is_trusted = bool(super()._peer_is_trusted_proxy())
        return known


def parser_of_what_came(cfg: Any, client: Any) -> Any:
    """gunicorn's parser, over what is put into its `unreader`."""
    parser = http.get_parser(cfg, (), client)
    parser.mesg_class = _Request
    parser.unreader = _Gathered()
    return parser


def unblock(sock: socket.socket) -> None:
    """To say so again would be a system call, and another thread's turn."""
    if sock.gettimeout() != 0:
        sock.setblocking(False)


def receive(sock: socket.socket) -> bytes | None:
    """What is there; empty at the end of the stream, None if nothing is there yet."""
    try:
        return sock.recv(PIECE)
    except (BlockingIOError, InterruptedError):
        return None
    except OSError:
        return b""


def send(sock: socket.socket, answer: bytes) -> None:
    """A few bytes into the socket's buffer; a client that left no room for them goes without."""
    with suppress(OSError):
        sock.send(answer)
