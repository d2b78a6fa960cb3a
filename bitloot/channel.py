"""Connections to one provider, kept alive between reads."""

from __future__ import annotations

import os
import re
import weakref
import zlib
from collections import deque
from collections.abc import Mapping
from contextlib import suppress

from bitloot.connection import Connection, Place, place_of
from bitloot.http_answer import NoAnswer, Reply, TooLargeError, read_answer

__all__ = ["FAILURES", "Channel", "Reply", "TooLargeError"]

#: Idle connections that are kept: as many threads as one process may run.
KEPT = 64

#: How a call fails that brought no whole answer; ValueError: an address or header that HTTP cannot carry.
FAILURES = (TooLargeError, NoAnswer, OSError, ValueError, zlib.error)

_REQUEST = re.compile(r"[A-Z]+ [!-~]+ HTTP/1\.1\r\n(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+: [^\r\n\0]*\r\n)+")


class Channel:
    """Threads may share it, and a fork: what the parent opened the child does not touch. Opens nothing by itself.

    A worker makes seven exchanges for each order. requests and urllib3 took three times the processor time of the
    exchange itself, and http.client, whose answers pass through a parser of e-mail, as much again. Nothing is repeated,
    redirected or remembered here, and no proxy is asked.
    """

    def __init__(self, base_url: str, *, connect_timeout: float, read_timeout: float, max_bytes: int) -> None:
        """Seconds for the TCP and TLS hand-shake and between two pieces of the answer; the largest body, unpacked."""
        self._base_url = base_url
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._max_bytes = max_bytes
        self._place: Place | None = None
        self._idle: deque[Connection] = deque()
        self._pid = os.getpid()
        weakref.finalize(self, _close_all, self._idle)

    def exchange(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, *, fresh: bool
    ) -> Reply:
        """Sends one request and reads the whole answer. Raises one of FAILURES.

        `fresh`: by a connection of its own, which is closed after it.
        """
        place = self.place()
        request = _worded(method, place, path, headers) + (body or b"")
        connection = (None if fresh else self._kept()) or self._new(place)
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before it hung up
                connection.send(request)
            reply, lasts = read_answer(connection.receive, method, self._max_bytes)
        except BaseException:
            connection.close()
            raise
        if lasts and not fresh and len(self._idle) < KEPT:
            self._idle.append(connection)
        else:
            connection.close()
        return reply

    def place(self) -> Place:
        """Where it leads. Raises ValueError where the base URL is no http address."""
        self._place = self._place or place_of(self._base_url)
        return self._place

    def close(self) -> None:
        _close_all(self._idle)

    def _new(self, place: Place) -> Connection:
        """Connects when the first byte is due."""
        return Connection(place, self._connect_timeout, self._read_timeout)

    def _kept(self) -> Connection | None:
        """An idle connection that the other side did not end meanwhile."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self.close()  # our copies of the parent's sockets; its own stay open
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if not connection.has_word():
                return connection
            connection.close()


def _close_all(connections: deque[Connection]) -> None:
    while connections:
        connections.pop().close()


def _worded(method: str, place: Place, path: str, headers: Mapping[str, str]) -> bytes:
    """The request without its body. Raises ValueError for what could be read as another one."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    text = f"{method} {place.prefix + path or '/'} HTTP/1.1\r\nHost: {place.authority}\r\n{lines}"
    if (
        _REQUEST.fullmatch(text) is None or text.count("\n") != len(headers) + 2
    ):  # a value may hold no other header
        raise ValueError("a header or an address that HTTP cannot carry")
    return f"{text}\r\n".encode("latin-1")
