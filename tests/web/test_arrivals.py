"""What all requests on their way in may take together."""

from __future__ import annotations

import socket
from collections import deque
from typing import Any

import pytest
from gunicorn.config import Config  # type: ignore[import-untyped]

from web.arrivals import Arrival, Held, parser_of_what_came, unblock
from web.limits import SMALL
from web.worker import GatheringWorker


def test_what_is_held_is_added_up_and_given_back() -> None:
    held = Held(100_000)
    for size in (10, 500, 60_000):
        held.note("one", size)
        held.note("two", size)
    assert held.total == 120_000
    held.release("one")
    held.release("one")  # a connection may end in several ways at once
    assert held.total == 60_000


def test_nobody_has_to_go_while_there_is_room() -> None:
    held = Held(100_000)
    held.note("one", 100_000)
    assert held.largest(["one"]) is None


def test_the_largest_goes_and_never_a_small_one() -> None:
    held = Held(100_000)
    for name, size in (("small", SMALL), ("large", 60_000), ("larger", 65_000)):
        held.note(name, size)
    assert held.largest(["small", "large", "larger"]) == "larger"
    assert not held.has_room("large")
    assert held.has_room("small")
    assert held.largest(["small"]) is None
    assert held.largest([]) is None


def test_many_slow_senders_hold_no_more_than_the_bound() -> None:
    """Two hundred bodies that grow side by side; counted in bytes, as the worker counts them."""
    bound = 2_000_000
    held, arriving = Held(bound), {number: Arrival() for number in range(200)}
    most = 0
    for arrival in arriving.values():
        arrival.framing.feed(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(30):
        for number, arrival in list(arriving.items()):
            arrival.framing.feed(b"800\r\n" + b"x" * 2_048 + b"\r\n")
            held.note(number, arrival.framing.held)
            while (largest := held.largest(arriving)) is not None:
                del arriving[largest]
                held.release(largest)
            most = max(most, held.total)
    assert bound / 2 < most <= bound
    assert 0 < len(arriving) < 50


class Asked(Config):  # type: ignore[misc]
    """gunicorn's settings, and how often it read whom they trust."""

    asked = 0

    def forwarded_allow_networks(self) -> Any:
        self.asked += 1
        return super().forwarded_allow_networks()


@pytest.mark.parametrize(("peer", "scheme"), [("127.0.0.1", "https"), ("10.0.0.7", "http")])
def test_whom_a_proxy_is_believed_is_found_out_once_for_a_connection(peer: str, scheme: str) -> None:
    settings = Asked()
    parser = parser_of_what_came(settings, (peer, 1))
    for _ in range(3):
        parser.unreader.unread(b"GET / HTTP/1.1\r\nHost: shop\r\nX-Forwarded-Proto: https\r\n\r\n")
        assert next(parser).scheme == scheme
    assert settings.asked == 1


class Stopping(GatheringWorker):
    """Notes whom it goes on reading and whom it lets go."""

    def __init__(self) -> None:
        self.keepalived_conns: deque[Any] = deque()
        self._arriving: dict[Any, Arrival] = {}
        self.taken: list[bytes | None] = []
        self.gone: list[Any] = []

    def _take(self, conn: Any, piece: bytes | None) -> None:
        self.taken.append(piece)

    def _let_go(self, conn: Any, arrival: Arrival) -> None:
        self.gone.append(conn)


class Accepted:
    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        unblock(sock)


def test_what_came_while_a_worker_was_told_to_stop_is_still_read() -> None:
    """Its sender has said all: the connection would be reset under him."""
    worker, (here, there), (other, silent) = Stopping(), socket.socketpair(), socket.socketpair()
    with here, there, other, silent:
        said, nothing = Accepted(here), Accepted(other)
        worker._arriving = {said: Arrival(), nothing: Arrival()}
        there.sendall(b"POST /orders HTTP/1.1\r\n")
        worker._cap_keepalive(0)
    assert worker.taken == [b"POST /orders HTTP/1.1\r\n"]
    assert worker.gone == [nothing]
