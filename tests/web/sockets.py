"""Raw HTTP over a socket, for clients that behave badly."""

from __future__ import annotations

import select
import socket
from dataclasses import dataclass

__all__ = ["Answer", "answered", "connect", "read_answer", "send"]

PATIENCE = 8.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def connect(port: int, first: bytes = b"") -> socket.socket:
    """A connection on which `first` was sent."""
    sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    sock.sendall(first)
    return sock


def answered(socks: list[socket.socket]) -> list[socket.socket]:
    """Those that have something to read, or an end."""
    return select.select(socks, [], [], 0)[0]


def send(port: int, request: bytes, *, half_close: bool = False) -> Answer | None:
    """The answer to these bytes; None if the server only closed."""
    with connect(port, request) as sock:
        if half_close:
            sock.shutdown(socket.SHUT_WR)
        return read_answer(sock)


def read_answer(sock: socket.socket) -> Answer | None:
    """The next answer on this connection; interim ones (100) count. None at the end of the stream."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = sock.recv(65536)
        if not piece:
            return None
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    while len(body) < int(headers.get("content-length", "0")):
        piece = sock.recv(65536)
        if not piece:
            break
        body += piece
    return Answer(int(lines[0].split()[1]), headers, body)
