"""A TCP proxy between the shop and one of its servers, that loses on purpose what was answered or asked."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

__all__ = ["Cut", "Judge", "Link", "Proxy", "Verb"]

CHUNK = 1 << 16

#: Seconds without a byte after which an answer is taken for whole, and those it may take to begin.
QUIET, PATIENCE = 0.02, 30.0

#: Not the answer yet; the client waits for it before it sends a body.
PROVISIONAL = b"HTTP/1.1 100"


class Verb(Enum):
    """What is done with what a client just asked."""

    PASS = "pass"
    CUT_REPLY = "cut reply"  # it reaches the server, whose answer is lost together with the connection
    CUT_REQUEST = "cut request"  # it never reaches the server


@dataclass
class Link:
    """One client's connection. `asked`: what it sent last; `answered`: what the server sent last."""

    client: socket.socket
    server: socket.socket
    asked: bytes = b""
    answered: bytes = b""
    muted: bool = False
    lost: bytes = field(default=b"", repr=False)

    def drop(self) -> None:
        """Ends both sides; the thread that serves them wakes and closes them."""
        for side in (self.client, self.server):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.drop()
        self.client.close()
        self.server.close()


@dataclass(frozen=True)
class Cut:
    """One bite: what was asked, and the answer that was lost (empty: the request never arrived)."""

    asked: bytes = field(repr=False)
    reply: bytes = field(repr=False)


Judge = Callable[[Link], Verb]


class Proxy:
    """Listens on 127.0.0.1:`port` while entered. `judge` is asked, in any thread, about each thing that clients send.

    `cuts` are the bites; `close_all` drops every connection of this moment.
    """

    def __init__(self, port: int, judge: Judge = lambda _: Verb.PASS) -> None:
        self._target = ("127.0.0.1", port)
        self.judge = judge
        self.cuts: list[Cut] = []
        self._links: list[Link] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._clogged = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Proxy:
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the accepting thread
        self._listener.close()
        self.close_all()

    def clog(self) -> None:
        """From now on nothing passes, and neither side hears that the other one is gone, as when a cable is cut."""
        self._clogged.set()

    def close_all(self) -> None:
        with self._lock:
            for link in self._links:
                link.drop()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), name="proxied", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target, timeout=5)
        except OSError:  # the client sees what it would see without us, but for the moment
            client.close()
            return
        for side in (client, server):
            side.settimeout(PATIENCE)
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(client, server)
        with self._lock:
            self._links.append(link)
        with contextlib.suppress(OSError):  # a side is gone
            self._pump(link)
        with self._lock:
            self._links = [other for other in self._links if other is not link]
        link.close()

    def _pump(self, link: Link) -> None:
        muted_at = 0.0
        while True:
            wait = QUIET if link.muted else None
            ready, _, _ = select.select([link.client, link.server], [], [], wait)
            if self._clogged.is_set():
                self._over.wait()
                return
            if link.muted and not ready and (link.lost or time.monotonic() > muted_at + PATIENCE):
                self.cuts.append(Cut(link.asked, link.lost))
                return
            if link.client in ready:
                if not self._from_client(link):
                    return
                muted_at = time.monotonic()
            if link.server in ready and not self._from_server(link):
                return

    def _from_client(self, link: Link) -> bool:
        """Whether the connection goes on."""
        part = link.client.recv(CHUNK)
        if not part:
            return False
        link.asked = link.asked + part if link.muted else part
        verb = Verb.CUT_REPLY if link.muted else self.judge(link)
        if verb is Verb.CUT_REQUEST:
            self.cuts.append(Cut(link.asked, b""))
            return False
        link.muted = verb is Verb.CUT_REPLY
        link.server.sendall(part)
        return True

    def _from_server(self, link: Link) -> bool:
        part = link.server.recv(CHUNK)
        if link.muted and not part.startswith(PROVISIONAL):
            if not part:
                self.cuts.append(Cut(link.asked, link.lost))
            link.lost += part
        elif part:
            link.answered = part
            link.client.sendall(part)
        return bool(part)
