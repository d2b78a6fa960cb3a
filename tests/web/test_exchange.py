"""One request and its answer, against gunicorn's own way of sending it."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Any

import pytest
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.http.errors import InvalidResponseHeader  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn  # type: ignore[import-untyped]

from tests.web.sockets import Answer, read_answer
from web.arrivals import parser_of_what_came
from web.exchange import Application, exchange

ASKED = b"GET /x HTTP/1.1\r\nHost: shop\r\n\r\n"


class Pieces:
    """A body in pieces, which is told when nobody wants more of it."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = iter(pieces)
        self.closed = False

    def __iter__(self) -> Iterable[bytes]:
        for piece in self._pieces:
            if piece == b"!":
                raise ValueError("sekret")
            yield piece

    def close(self) -> None:
        self.closed = True


def told(pieces: Any, *headers: tuple[str, str], status: str = "200 OK") -> Application:
    def application(_environ: dict[str, Any], start: Any) -> Any:
        start(status, list(headers))
        return pieces

    return application


def answered(
    application: Application, asked: bytes = ASKED, *, is_last: bool = False
) -> tuple[bool | type[BaseException], list[bytes], Answer | None]:
    """(whether the connection is kept, or what was raised; the packets as they were sent; the answer)."""
    ours, theirs = socket.socketpair()
    packets: list[bytes] = []

    class Socket:
        def sendall(self, data: bytes) -> None:
            packets.append(data)
            ours.sendall(data)

    with ours, theirs:
        conn = TConn(Config(), ours, ("127.0.0.1", 4000), ("127.0.0.1", 80))
        conn.sock = Socket()
        parser = parser_of_what_came(conn.cfg, conn.client)
        parser.unreader.unread(asked)
        try:
            kept: bool | type[BaseException] = exchange(application, next(parser), conn, is_last=is_last)
        except (ValueError, StopIteration, InvalidResponseHeader) as error:
            kept = type(error)
        ours.shutdown(socket.SHUT_WR)
        return kept, packets, read_answer(theirs) if packets else None


def test_head_and_body_leave_in_one_packet() -> None:
    kept, packets, answer = answered(told([b"hello"], ("Content-Length", "5"), ("X-One", " 1 ")))
    assert (kept, len(packets)) == (True, 1)
    assert answer is not None
    assert (answer.status, answer.body, answer.headers["x-one"]) == (200, b"hello", "1")
    assert answer.headers["connection"] == "keep-alive"
    assert answer.headers["date"].endswith("GMT")


def test_a_body_without_a_length_goes_in_chunks_and_is_closed() -> None:
    body = Pieces(b"one", b"", b"two")
    kept, packets, answer = answered(told(body, ("Content-Type", "text/plain")))
    assert kept is True
    assert body.closed
    assert packets[0].endswith(b"\r\n\r\n3\r\none\r\n")
    assert answer is not None
    assert answer.body == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("application", "asked"),
    [
        (told([], status="204 No Content"), ASKED),
        (told([b"hello"], ("Content-Length", "0")), ASKED),
        (told([b"hello"], ("Content-Length", "5")), ASKED.replace(b"GET", b"HEAD")),
    ],
)
def test_an_answer_without_a_body_is_its_head(application: Application, asked: bytes) -> None:
    kept, packets, _ = answered(application, asked)
    assert kept is True
    assert len(packets) == 1
    assert packets[0].endswith(b"\r\n\r\n")


def test_no_more_is_sent_than_the_length_promises() -> None:
    _, packets, _ = answered(told([b"hello", b"you"], ("Content-Length", "6")))
    assert b"".join(packets).endswith(b"\r\n\r\nhelloy")


def test_the_last_answer_says_so() -> None:
    kept, _, answer = answered(told([b"x"], ("Content-Length", "1")), is_last=True)
    assert kept is False
    assert answer is not None
    assert answer.headers["connection"] == "close"


def test_a_header_that_would_split_the_answer_is_refused_each_time() -> None:
    for _ in range(2):
        kept, packets, _ = answered(told([b"x"], ("X-Name", "one\r\nX-Other: two")))
        assert (kept, packets) == (InvalidResponseHeader, [])


def test_what_fails_before_its_answer_is_raised_and_half_an_answer_ends_the_connection() -> None:
    assert answered(told(Pieces(b"!"))) == (ValueError, [], None)
    half = Pieces(b"one", b"!")
    kept, packets, _ = answered(told(half))
    assert (kept, len(packets), half.closed) == (StopIteration, 1, True)
