"""One outgoing call as its sockets see it: when it must be over, and whether a byte may have left."""

from __future__ import annotations

import http.client
import io
import math
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["Attempt", "Connection", "SecureConnection", "attempted", "not_after"]

#: The end of the right to call (monotonic clock), whatever time a call by itself would have.
_latest: ContextVar[float] = ContextVar("latest", default=math.inf)


@contextmanager
def not_after(moment: float) -> Iterator[None]:
    """No call of this thread goes out after `moment` (monotonic clock), and each that is under way ends then.

    For whoever calls under a lease: a process that stood still may wake when others have taken over long ago.
    """
    token = _latest.set(moment)
    try:
        yield
    finally:
        _latest.reset(token)


class Attempt:
    """`seconds` from now it must be over. `unsent` is true only while we know that nothing left.

    `fresh` closes the connection after the answer, whatever the other side says about keeping it.
    """

    def __init__(self, seconds: float, *, fresh: bool = False) -> None:
        self._until = min(time.monotonic() + seconds, _latest.get())
        self.fresh = fresh
        self.unsent = False  # unknown: a connection of ours says otherwise as it begins to connect

    @property
    def left(self) -> float:
        return self._until - time.monotonic()

    @property
    def over(self) -> bool:
        return self.left <= 0


_attempt: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


@contextmanager
def attempted(attempt: Attempt) -> Iterator[None]:
    """Puts all connections that this thread uses meanwhile under `attempt`."""
    token = _attempt.set(attempt)
    try:
        yield
    finally:
        _attempt.reset(token)


class _TimedReader(io.RawIOBase):
    """Reads a socket under its own time-out per piece and the attempt's for all of them together.

    A socket's time-out starts again with every byte, so that one byte a second would hold us for ever.
    """

    def __init__(self, sock: socket.socket, attempt: Attempt | None) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._attempt = attempt
        self._patience = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        if self._attempt is not None:
            left = self._attempt.left
            if left <= 0:
                raise TimeoutError("the deadline of the call has passed")
            self._sock.settimeout(left if self._patience is None else min(left, self._patience))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedSocket:
    """What http.client wants of a socket in order to read an answer from it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._sock, _attempt.get()))


class _TimedAnswer(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **more: Any) -> None:
        super().__init__(_TimedSocket(sock), *args, **more)  # type: ignore[arg-type]

    def begin(self) -> None:
        super().begin()
        attempt = _attempt.get()
        # After an interim answer that http.client takes for the last one (102, 103) the real one still comes.
        if self.status < 200 or (attempt is not None and attempt.fresh):
            self.will_close = True

    def _read_next_chunk_size(self) -> int:
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:  # http.client reads such a chunk to the end of the connection, at once
            raise http.client.IncompleteRead(b"")
        return size


class Connection(http.client.HTTPConnection):
    """Tells the attempt how far it came, which no exception of the library tells for certain."""

    response_class = _TimedAnswer

    #: Seconds between two pieces, once it is open; `timeout` is for the hand-shakes.
    patience: float | None = None

    def connect(self) -> None:
        attempt = _attempt.get()
        if attempt is not None:
            attempt.unsent = True
        try:
            super().connect()
        except (BrokenPipeError, ConnectionResetError) as error:  # no answer lies there to be read
            raise ConnectionAbortedError("reset while connecting") from error
        self.sock.settimeout(self.patience)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        attempt = _attempt.get()
        if attempt is not None:
            if attempt.unsent and attempt.over:
                raise TimeoutError("the time for this call was over before it began")
            attempt.unsent = False
        super().send(data)


class SecureConnection(Connection, http.client.HTTPSConnection):
    """The same over TLS, whose hand-shake sends nothing of ours."""
