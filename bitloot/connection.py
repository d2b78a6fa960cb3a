"""One connection to a provider, under the time of the attempt that uses it."""

from __future__ import annotations

import math
import select
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from bitloot.attempt import Attempt, present_attempt

__all__ = ["Connection", "Place", "place_of"]

#: Bytes asked for at a time.
PIECE = 16 * 1024

#: Seconds by which a socket's own time-out may be behind what is left of the call: to set it is a call of the kernel,
#: which lets other threads run first.
SLACK = 0.05


@dataclass(frozen=True)
class Place:
    """Where a base URL points; `prefix` is what stands before each path, `authority` what the Host header says."""

    secure: bool
    host: str
    port: int
    prefix: str
    authority: str


def place_of(base_url: str) -> Place:
    """Raises ValueError for what is no http address."""
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("no address of http or https")
    secure = parts.scheme == "https"
    usual = 443 if secure else 80
    host, port = parts.hostname, parts.port or usual
    known = host if host.isascii() else host.encode("idna").decode("ascii")
    shown = f"[{known}]" if ":" in known else known
    prefix = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return Place(secure, host, port, prefix, shown if port == usual else f"{shown}:{port}")


@cache
def _trust() -> ssl.SSLContext:
    """Whom we believe: the authorities that requests brings along, whatever the machine has."""
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.set_alpn_protocols(["http/1.1"])
    return context


class Connection:
    """Opens with the first byte that is sent, and tells the attempt how far it came.

    `connect_timeout` (seconds) is for the hand-shakes, `patience` (seconds) for the time between two pieces.
    """

    def __init__(self, place: Place, connect_timeout: float, patience: float) -> None:
        self._place = place
        self._connect_timeout = connect_timeout
        self._patience = patience
        self._sock: socket.socket | None = None
        self._attempt: Attempt | None = None
        self._limit = math.inf  # the socket's own time-out (seconds), once it is ours

    def send(self, data: bytes) -> None:
        """The whole of it; connects before. Raises OSError."""
        self._attempt = attempt = present_attempt()
        sock = self._sock or self._connected()
        if attempt is not None:
            if attempt.unsent and attempt.over:
                raise TimeoutError("the time for this call was over before it began")
            attempt.unsent = False
        view = memoryview(data)
        while view:  # sendall of a TLS socket gives each record the whole time-out again
            self._wait_no_longer(sock)
            view = view[sock.send(view) :]

    def receive(self) -> bytes:
        """The next piece of what the other side says; empty when it hung up. Raises OSError."""
        if self._sock is None:
            return b""
        self._wait_no_longer(self._sock)
        return self._sock.recv(PIECE)

    def has_word(self) -> bool:
        """Whether it has something to say while it is idle: an end, an error, or what nobody asked for."""
        sock = self._sock
        if sock is None or (isinstance(sock, ssl.SSLSocket) and sock.pending()):
            return True  # of a record that is open already, the kernel says nothing
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        sock, self._sock = self._sock, None
        if sock is not None:
            with suppress(OSError):
                sock.close()

    def _wait_no_longer(self, sock: socket.socket) -> None:
        """A socket's time-out starts again with every byte, so that one byte a second would hold us for ever."""
        wanted = self._patience if self._attempt is None else self._attempt.patience(self._patience)
        if abs(wanted - self._limit) > SLACK:
            self._limit = wanted
            sock.settimeout(wanted)

    def _connected(self) -> socket.socket:
        attempt = self._attempt
        if attempt is not None:
            attempt.unsent = True
        try:
            self._sock = sock = self._open()
        except (BrokenPipeError, ConnectionResetError) as error:  # no answer lies there to be read
            raise ConnectionAbortedError("reset while connecting") from error
        self._limit = math.inf
        return sock

    def _open(self) -> socket.socket:
        sock = _dial(self._place, self._connect_timeout, self._attempt)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not self._place.secure:
                return sock
            if self._attempt is not None:
                sock.settimeout(self._attempt.patience(self._connect_timeout))
            return _trust().wrap_socket(sock, server_hostname=self._place.host)
        except BaseException:
            sock.close()
            raise


def _dial(place: Place, timeout: float, attempt: Attempt | None) -> socket.socket:
    """As socket.create_connection, but a name with many silent addresses has no more time than the attempt.

    `timeout` (seconds) is for each address.
    """
    failure: OSError | None = None
    for family, kind, protocol, _, where in socket.getaddrinfo(place.host, place.port, 0, socket.SOCK_STREAM):
        patience = timeout if attempt is None else attempt.patience(timeout)
        sock = None
        try:
            sock = socket.socket(family, kind, protocol)
            sock.settimeout(patience)
            sock.connect(where)
            return sock
        except OSError as error:
            if sock is not None:
                sock.close()
            failure = error
    try:
        raise failure or OSError("the name has no address")
    finally:
        failure = None  # it holds this frame, which holds it
