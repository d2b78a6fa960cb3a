"""Connections to one provider, kept alive between reads: http.client's, without what a call to one host never needs."""

from __future__ import annotations

import http.client
import math
import os
import select
import ssl
import time
import weakref
import zlib
from collections import deque
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from bitloot.attempt import Connection, SecureConnection, keep_timeout

__all__ = ["FAILURES", "Channel", "Place", "Reply", "TooLargeError"]

#: Bytes asked for at a time while reading a body.
CHUNK = 16 * 1024

#: Idle connections that are kept: as many threads as one process may run.
KEPT = 64

#: A POST goes by no connection that was idle for longer (seconds): no server in use ends one so soon, and what it ends
#: while we write is in doubt.
YOUNG = 1.0


class TooLargeError(Exception):
    """The body passed the size cap."""


#: How a call fails that brought no whole answer; ValueError: an address or header that HTTP cannot carry.
FAILURES = (TooLargeError, http.client.HTTPException, OSError, ValueError, zlib.error)


@dataclass(frozen=True)
class Reply:
    """One whole answer; names of headers are lower-case, the body is decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Place:
    """Where `base_url` points; `prefix` is what stands before each path."""

    secure: bool
    host: str
    port: int | None
    prefix: str


class Channel:
    """Threads may share it, and a fork: what the parent opened the child does not touch. Opens nothing by itself.

    requests and urllib3 did the same for three times the processor time of the exchange itself, and a worker makes
    eight exchanges for each order. Nothing is repeated, redirected or remembered here, and no proxy is asked.
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
        most_idle = YOUNG if method == "POST" else math.inf
        connection = (None if fresh else self._kept(most_idle)) or self._new(place)
        try:
            reply, lasts = self._by(connection, method, place.prefix + path or "/", headers, body)
        except BaseException:
            connection.close()
            raise
        if lasts and not fresh:
            self._keep(connection)
        else:
            connection.close()
        return reply

    def place(self) -> Place:
        """Where it leads. Raises ValueError where the base URL is no http address."""
        self._place = self._place or _place(self._base_url)
        return self._place

    def close(self) -> None:
        _close_all(self._idle)

    def _by(
        self, connection: Connection, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[Reply, bool]:
        """The answer, and whether the connection is good for another request."""
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the other side may have answered before it hung up
        with closing(connection.getresponse()) as answer:
            told = {name.lower(): value for name, value in answer.getheaders()}
            whole = _read(answer, told.get("content-encoding", ""), self._max_bytes)
            return Reply(answer.status, told, whole), not answer.will_close

    def _new(self, place: Place) -> Connection:
        """Connects when the first byte is due."""
        seconds = self._connect_timeout
        connection = (
            SecureConnection(place.host, place.port, timeout=seconds, context=_trust())
            if place.secure
            else Connection(place.host, place.port, timeout=seconds)
        )
        connection.patience = self._read_timeout
        return connection

    def _kept(self, idle: float) -> Connection | None:
        """The connection that was idle for the shortest time, `idle` seconds at most, and that the other side did not
        end meanwhile. Closes those that are none."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self.close()  # our copies of the parent's sockets; its own stay open
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            # Where only POSTs go, nobody else would look at the older ones: they would fill the room of those to come.
            if time.monotonic() - connection.idle_since <= idle and not _has_word(connection):
                keep_timeout(connection.sock, self._read_timeout)
                return connection
            connection.close()

    def _keep(self, connection: Connection) -> None:
        if len(self._idle) < KEPT:
            connection.idle_since = time.monotonic()
            self._idle.append(connection)
        else:
            connection.close()


def _close_all(connections: deque[Connection]) -> None:
    while connections:
        connections.pop().close()


def _place(base_url: str) -> Place:
    """Raises ValueError for what is no http address."""
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("no address of http or https")
    prefix = f"{parts.path}?{parts.query}" if parts.query else parts.path
    secure = parts.scheme == "https"
    # With the port always: of an IPv6 address alone http.client would take the last part for one.
    return Place(secure, parts.hostname, parts.port or (443 if secure else 80), prefix)


@cache
def _trust() -> ssl.SSLContext:
    """Whom we believe: the authorities that requests brings along, whatever the machine has."""
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _has_word(connection: Connection) -> bool:
    """Whether an idle connection has something to say: an end, an error, or what nobody asked for."""
    if connection.sock is None or (isinstance(connection.sock, ssl.SSLSocket) and connection.sock.pending()):
        return True  # of a record that is open already, the kernel says nothing
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def _read(answer: http.client.HTTPResponse, encoding: str, most: int) -> bytes:
    """The body, counting what comes out of the decompressor."""
    if (answer.length or 0) > most:
        raise TooLargeError
    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS) if encoding.strip().lower() == "gzip" else None
    body = bytearray()
    while piece := answer.read(CHUNK):
        body += unpack.decompress(piece, most + 1) if unpack else piece
        if len(body) > most:
            raise TooLargeError
    if answer.length:  # http.client itself says nothing of a body that ends too early
        raise http.client.IncompleteRead(b"", answer.length)
    if unpack and body and not unpack.eof:
        raise zlib.error("the packed body ends too early")
    if unpack and unpack.unused_data:
        raise zlib.error("something lies behind the packed body")
    return bytes(body)
