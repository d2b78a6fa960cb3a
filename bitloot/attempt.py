"""One outgoing call as its sockets see it: when it must be over, and whether a byte may have left."""

from __future__ import annotations

import http.client
import io
import math
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = [
    "Attempt",
    "Connection",
    "OddFraming",
    "SecureConnection",
    "attempted",
    "keep_timeout",
    "not_after",
]

_LENGTH = re.compile(r"[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")
MAX_SIZE_LINE = 1024

#: Seconds by which a socket may wait longer or shorter than it should.
SLACK = 0.05


class OddFraming(http.client.HTTPException):
    """The answer does not say in one way where it ends: somebody between us may have read another one."""


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

    def patience(self, most: float | None) -> float:
        """Seconds that the next step may wait: `most`, or what is left. Raises TimeoutError when nothing is."""
        left = self.left
        if left <= 0:
            raise TimeoutError("the deadline of the call has passed")
        return left if most is None else min(left, most)


_attempt: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


class attempted:  # reads as what it is: a context
    """Puts all connections that this thread uses meanwhile under `attempt`."""

    __slots__ = ("_attempt", "_token")

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    def __enter__(self) -> None:
        self._token = _attempt.set(self._attempt)

    def __exit__(self, *_error: object) -> None:
        _attempt.reset(self._token)


def keep_timeout(sock: socket.socket, seconds: float | None) -> None:
    """Sets the socket's time-out, unless it is so already within SLACK: each time is a call of the kernel, at which
    another thread goes on and this one waits for its turn."""
    known = sock.gettimeout()
    if known is None or seconds is None or abs(known - seconds) > SLACK:
        sock.settimeout(seconds)


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
            keep_timeout(self._sock, self._attempt.patience(self._patience))
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
        told = self._judge_framing()
        attempt = _attempt.get()
        # After an interim answer that http.client takes for the last one (102, 103) the real one still comes; and
        # behind an answer that has no body (204, 304) and tells of one, something may.
        bodiless = self.status in {204, 304} and told
        if self.status < 200 or bodiless or (attempt is not None and attempt.fresh):
            self.will_close = True

    def _judge_framing(self) -> bool:
        """Whether a body was told of. http.client takes the first of two lengths and passes over what it does not
        understand (RFC 9112 §6.3 calls all of these errors). Raises OddFraming."""
        lengths = self.headers.get_all("Content-Length", [])
        codings = self.headers.get_all("Transfer-Encoding", [])
        if codings and (
            lengths or self.version < 11 or [one.strip().lower() for one in codings] != ["chunked"]
        ):
            raise OddFraming("transfer coding")
        if len(lengths) > 1 or not all(_LENGTH.fullmatch(one.strip()) for one in lengths):
            raise OddFraming("content length")
        return bool(codings or lengths)

    def _read_next_chunk_size(self) -> int:
        """http.client's reads `-1`, `0x5` and `1_0` as well."""
        line = _CHUNK_SIZE.fullmatch(self.fp.readline(MAX_SIZE_LINE))
        if line is None:
            raise OddFraming("chunk size")
        return int(line[1], 16)


class Connection(http.client.HTTPConnection):
    """Tells the attempt how far it came, which no exception of the library tells for certain."""

    response_class = _TimedAnswer

    #: Seconds between two pieces, once it is open; `timeout` is for the hand-shakes.
    patience: float | None = None

    #: When it was last used (monotonic clock), for whoever keeps it.
    idle_since: float = -math.inf

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._create_connection = _connected

    def connect(self) -> None:
        attempt = _attempt.get()
        if attempt is not None:
            attempt.unsent = True
        try:
            super().connect()
        except (BrokenPipeError, ConnectionResetError) as error:  # no answer lies there to be read
            raise ConnectionAbortedError("reset while connecting") from error
        keep_timeout(self.sock, self.patience)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        attempt = _attempt.get()
        if attempt is not None:
            if attempt.unsent and attempt.over:
                raise TimeoutError("the time for this call was over before it began")
            attempt.unsent = False
        _send_whole(self.sock, data, attempt, self.patience)


def _connected(
    address: tuple[str, int], timeout: float | None = None, _source: object = None
) -> socket.socket:
    """As socket.create_connection, but a name with many silent addresses has no more time than the attempt.

    `timeout` (seconds) is for each address. What is left of it is set for the hand-shake that follows.
    """
    attempt, failure = _attempt.get(), None
    for family, kind, protocol, _, where in socket.getaddrinfo(*address, 0, socket.SOCK_STREAM):
        patience = timeout if attempt is None else attempt.patience(timeout)
        sock = None
        try:
            sock = socket.socket(family, kind, protocol)
            sock.settimeout(patience)
            sock.connect(where)
            keep_timeout(sock, timeout if attempt is None else attempt.patience(timeout))
            return sock
        except OSError as error:
            if sock is not None:
                sock.close()
            failure = error
    try:
        raise failure or OSError("the name has no address")
    finally:
        failure = None  # it holds this frame, which holds it


def _send_whole(sock: socket.socket, data: bytes, attempt: Attempt | None, patience: float | None) -> None:
    """sendall of a TLS socket gives each record the whole time-out again."""
    view = memoryview(data)
    while view:
        if attempt is not None:
            keep_timeout(sock, attempt.patience(patience))
        view = view[sock.send(view) :]
    keep_timeout(sock, patience)


class SecureConnection(Connection, http.client.HTTPSConnection):
    """The same over TLS, whose hand-shake sends nothing of ours."""
