"""A pooler in transaction mode, as small as one can be: after sign-in, whoever asks gets any server connection."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

__all__ = ["pooled"]

Connect = Callable[[], socket.socket]

MADE_UP_PROCESS = 4_000_001


@contextmanager
def pooled(url: str) -> Iterator[str]:
    """The same database by way of a pooler."""
    place = urlsplit(url)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    opened: list[socket.socket] = []

    def connect() -> socket.socket:
        server = socket.create_connection((place.hostname or "127.0.0.1", place.port or 5432))
        opened.append(server)
        return server

    threading.Thread(target=_accept, args=(listener, connect), daemon=True).start()
    try:
        yield urlunsplit(place._replace(netloc=f"{place.username}:{place.password}@127.0.0.1:{port}"))
    finally:
        listener.close()
        for server in opened:
            server.close()


def _accept(listener: socket.socket, connect: Connect) -> None:
    free: list[socket.socket] = []
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, connect, free), daemon=True).start()


def _serve(client: socket.socket, connect: Connect, free: list[socket.socket]) -> None:
    with client:
        try:
            free.append(_signed_in(client, connect()))
            while _asked(client, free):
                pass
        except (OSError, EOFError):
            return


def _signed_in(client: socket.socket, server: socket.socket) -> socket.socket:
    """Passes on what both say until the server is ready, but for the process that it names."""
    while True:
        size = _exactly(client, 4)
        start = size + _exactly(client, struct.unpack("!I", size)[0] - 4)
        if start[4:8] in (b"\x04\xd2\x16\x2f", b"\x04\xd2\x16\x30"):  # TLS, GSS: no
            client.sendall(b"N")
            continue
        server.sendall(start)
        break
    while True:
        kind, message = _message(server)
        if kind == b"K":
            message = message[:5] + struct.pack("!I", MADE_UP_PROCESS) + message[9:]
        client.sendall(message)
        if kind == b"Z":
            return server
        if kind == b"R" and message[5:9] not in (b"\0\0\0\0", b"\0\0\0\x0c"):  # it asks for something
            server.sendall(_message(client)[1])


def _asked(client: socket.socket, free: list[socket.socket]) -> bool:
    """One transaction on one server connection, which anybody may have next. False once the client has left."""
    server = None
    while True:
        kind, message = _message(client)
        if kind == b"X":
            return False
        server = server or free.pop()
        server.sendall(message)
        while True:
            kind, message = _message(server)
            client.sendall(message)
            if kind == b"Z":
                break
        if message[5:6] == b"I":
            free.append(server)
            return True


def _message(side: socket.socket) -> tuple[bytes, bytes]:
    head = _exactly(side, 5)
    return head[:1], head + _exactly(side, struct.unpack("!I", head[1:])[0] - 4)


def _exactly(side: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = side.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data
