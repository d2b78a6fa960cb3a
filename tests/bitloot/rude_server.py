"""A real server on 127.0.0.1 that does to each connection what the test says, down to single bytes."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Manner", "RudeServer", "answering", "read_request", "reset", "serving"]


@dataclass
class RudeServer:
    url: str
    requests: list[bytes] = field(default_factory=list)  # head and body as received
    connections: int = 0
    closing: threading.Event = field(default_factory=threading.Event)  # set when the test is over


Manner = Callable[[socket.socket, RudeServer], None]


@contextmanager
def serving(manner: Manner, tls: ssl.SSLContext | None = None) -> Iterator[RudeServer]:
    """Serves until the block ends; `manner` gets each connection in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = RudeServer(f"{'https' if tls else 'http'}://127.0.0.1:{port}")
        threads: list[threading.Thread] = []

        def accept() -> None:
            while not server.closing.is_set():
                try:
                    conn, _ = listener.accept()
                except OSError:
                    return
                server.connections += 1
                thread = threading.Thread(target=behave, args=(conn,))
                threads.append(thread)
                thread.start()

        def behave(conn: socket.socket) -> None:
            try:
                with tls.wrap_socket(conn, server_side=True) if tls else conn as plain:
                    plain.settimeout(10)
                    manner(plain, server)
            except OSError:
                pass  # the client left first, as many of these tests want it to

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield server
        finally:
            server.closing.set()
            listener.shutdown(socket.SHUT_RDWR)
            for thread in [acceptor, *threads]:
                thread.join(timeout=10)
                assert not thread.is_alive()


def read_request(conn: socket.socket, server: RudeServer) -> bytes:
    """One request, head and body; empty when the client closed."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = conn.recv(65536)
        if not piece:
            return b""
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += conn.recv(65536)
    server.requests.append(head + b"\r\n\r\n" + body)
    return server.requests[-1]


def reset(conn: socket.socket) -> None:
    """Ends the connection with RST instead of FIN."""
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    conn.close()


def answering(status: str, body: bytes = b"", **headers: str) -> Manner:
    """Answers every request on a connection alike; `a_b` in a header's name stands for `a-b`."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    reply = "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def manner(conn: socket.socket, server: RudeServer) -> None:
        while read_request(conn, server):
            conn.sendall(reply)

    return manner
