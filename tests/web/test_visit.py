"""One request at the desk: served, refused, given up or to be served elsewhere, on a socket that never blocks."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any

import pytest
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn  # type: ignore[import-untyped]
from structlog.testing import capture_logs

from web.arrivals import parser_of_what_came
from web.desk import Elsewhere
from web.visit import Visit

WHOLE = b"POST /payments/ipn HTTP/1.1\r\nHost: shop\r\nContent-Length: 5\r\n\r\nhello"


class Connection(TConn):  # type: ignore[misc]
    """One on which this has arrived."""

    def __init__(self, data: bytes) -> None:
        self.sock, self.client = None, ("127.0.0.1", 1)
        self.parser = parser_of_what_came(Config(), self.client)
        self.parser.unreader.unread(data)


class Server:
    """Serves as it is told, and notes what could not be served."""

    def __init__(self, serve: Callable[[Any], bool]) -> None:
        self.serve = serve
        self.failed: list[str] = []

    def handle_request(self, req: Any, conn: TConn) -> bool:
        return self.serve(req)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        self.failed.append(type(exc).__name__)


def raising(error: BaseException) -> Callable[[Any], bool]:
    def serve(_req: Any) -> bool:
        raise error

    return serve


@pytest.mark.parametrize("read", [0, 3, 5])
def test_what_a_request_leaves_of_its_body_is_not_taken_for_the_next(read: int) -> None:
    conn, bodies = Connection(WHOLE + WHOLE), []
    server = Server(lambda req: bodies.append(req.body.read(read)) or True)  # type: ignore[func-returns-value]
    for _ in range(2):
        visit = Visit()
        visit.run(server, conn)
        assert visit.keeps
    assert bodies == [b"hello"[:read]] * 2
    assert conn.parser.unreader.take_buffered() == b""
    assert server.failed == []


@pytest.mark.parametrize(
    ("data", "serve", "failed"),
    [
        (WHOLE, lambda _req: False, []),  # it was the last
        (b"", lambda _req: True, []),
        (WHOLE[:20], lambda _req: True, []),
        (b"POST / HTTP/1.1\r\nHo st: x\r\n\r\n", lambda _req: True, ["InvalidHeaderName"]),
        (WHOLE, raising(StopIteration()), []),  # half an answer is out
        (WHOLE, raising(OSError(errno.EPIPE, "")), []),
        (WHOLE, raising(ValueError("hunter22")), ["ValueError"]),
    ],
)
def test_the_connection_ends_unless_all_went_well(
    data: bytes, serve: Callable[[Any], bool], failed: list[str]
) -> None:
    visit, server = Visit(), Server(serve)
    with capture_logs() as lines:
        visit.run(server, Connection(data))
    assert (visit.keeps, visit.is_elsewhere, server.failed, lines) == (False, False, failed, [])


def test_an_answer_that_the_socket_did_not_take_is_logged() -> None:
    visit = Visit()
    with capture_logs() as lines:
        visit.run(Server(raising(BlockingIOError(errno.EAGAIN, ""))), Connection(WHOLE))
    assert not visit.keeps
    assert [line["action"] for line in lines] == ["answer_lost"]


def test_what_would_stop_the_loop_is_told_apart() -> None:
    visit = Visit()
    visit.run(Server(raising(Elsewhere())), Connection(WHOLE))
    assert visit.is_elsewhere
