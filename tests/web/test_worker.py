"""A real gunicorn with our worker: slow, broken and greedy clients cost nobody else anything."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from bitloot.engines.ports import free_port
from bitloot.engines.process import Process
from tests.waiting import until
from tests.web.sockets import Answer, answered, connect, read_answer, send

#: General threads of the server below; every crowd of bad clients is larger.
THREADS = 2
ROOM = 60

HEAD = b"POST / HTTP/1.1\r\nHost: shop\r\n"


class Edge:
    """A running gunicorn."""

    def __init__(self, process: Process, port: int) -> None:
        self.process = process
        self.port = port

    def good(self, body: bytes = b"hello", path: str = "/") -> tuple[int, bytes]:
        """What somebody who behaves gets."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=8)
        try:
            connection.request("POST", path, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def said(self, text: str) -> bool:
        return text in self.process.log.read_text()


@contextmanager
def running(folder: Path, worker: str = "PatientWorker") -> Iterator[Edge]:
    port = free_port()
    argv = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", str(THREADS)]
    argv += ["--worker-class", f"tests.web.hasty.{worker}", "--worker-connections", str(ROOM)]
    argv += ["--graceful-timeout=5", "--keep-alive=30", "--no-control-socket", "tests.web.hasty:application"]
    environ = {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "/usr/bin:/bin"}
    with Process("gunicorn", argv, environ, folder / "gunicorn.log", cwd=folder) as process:
        process.wait_for(port)
        yield Edge(process, port)


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """One for all tests that leave it as it was."""
    with running(tmp_path_factory.mktemp("edge")) as started:
        yield started


@pytest.fixture(scope="module")
def hasty_edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """For clients that are late by intention."""
    with running(tmp_path_factory.mktemp("hasty"), "HastyWorker") as hasty:
        yield hasty


@pytest.fixture
def own_edge(tmp_path: Path) -> Iterator[Edge]:
    with running(tmp_path) as own:
        yield own


def problem_of(answer: Answer | None) -> tuple[int, str]:
    assert answer is not None
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    return answer.status, json.loads(answer.body)["code"]


def test_whole_requests_are_served(edge: Edge) -> None:
    assert edge.good(b"x" * 5000) == (200, b"5000")
    assert edge.good(b"") == (200, b"0")


def test_a_connection_serves_one_request_after_the_other(edge: Edge) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", edge.port, timeout=8)
    for length in (1, 60_000, 0):
        connection.request("POST", "/", b"x" * length)
        assert connection.getresponse().read() == str(length).encode()
    connection.request("POST", "/", iter([b"abc", b"de"]), encode_chunked=True)
    assert connection.getresponse().read() == b"5"
    connection.close()


def test_requests_that_come_together_are_answered_in_order(edge: Edge) -> None:
    together = (HEAD + b"Content-Length: 3\r\n\r\nabc") * 2 + HEAD + b"Content-Length: 1\r\n\r\nx"
    with connect(edge.port, together) as sock:
        bodies: list[bytes] = []
        received = b""
        while len(bodies) < 3:
            piece = sock.recv(65536)
            assert piece
            received += piece
            bodies = [part for part in received.split(b"\r\n\r\n")[1:] if part]
    assert [body[:1] for body in bodies] == [b"3", b"3", b"1"]


def test_a_body_in_slices_of_one_byte_is_read_whole(edge: Edge) -> None:
    with connect(edge.port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n") as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"5\r\nhello\r\n3;a=b\r\nyou\r\n0\r\nX-Trailer: 1\r\n\r\n":
            sock.sendall(bytes([byte]))
        answer = read_answer(sock)
    assert answer is not None
    assert (answer.status, answer.body) == (200, b"8")


def test_a_client_that_asks_before_sending_is_told_to_go_on(edge: Edge) -> None:
    with connect(edge.port, HEAD + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n") as sock:
        interim = read_answer(sock)
        assert interim is not None
        assert interim.status == 100
        sock.sendall(b"abc")
        answer = read_answer(sock)
    assert answer is not None
    assert (answer.status, answer.body) == (200, b"3")


@pytest.mark.parametrize(
    ("request_bytes", "expected"),
    [
        (HEAD + b"Content-Length: 10000000000\r\n\r\n", (413, "body_too_large")),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFF\r\nx", (413, "body_too_large")),
        (HEAD + b"X-Flood: " + b"x" * 40_000, (431, "head_too_large")),
        (HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", (400, "bad_request")),
        (HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400, "bad_request")),
        (HEAD + b"Content-Length: -1\r\n\r\n", (400, "bad_request")),
        (HEAD + b"Transfer-Encoding: identity, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", (400, "bad_request")),
        (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", (400, "bad_request")),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nnothex\r\n", (400, "bad_request")),
        (b"NONSENSE\r\n\r\n", (400, "bad_request")),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: shop\r\n\r\n", (414, "uri_too_long")),
    ],
)
def test_what_cannot_be_served_is_refused_at_once(
    edge: Edge, request_bytes: bytes, expected: tuple[int, str]
) -> None:
    assert problem_of(send(edge.port, request_bytes)) == expected


def test_a_refusal_repeats_nothing_of_the_request(edge: Edge) -> None:
    request = HEAD + b"Authorization Bearer secret-token-value\r\n\r\n"
    answer = send(edge.port, request)
    assert answer is not None
    assert b"secret-token-value" not in answer.body
    until(lambda: edge.said("bad_request"))
    assert not edge.said("secret-token-value")


@pytest.mark.parametrize("first", [b"POST / HT", HEAD, HEAD + b"Content-Length: 9\r\n\r\nabc"])
def test_a_client_that_stops_half_way_is_told_so(hasty_edge: Edge, first: bytes) -> None:
    assert problem_of(send(hasty_edge.port, first)) == (408, "too_slow")


def test_a_client_that_says_nothing_is_let_go(hasty_edge: Edge) -> None:
    assert send(hasty_edge.port, b"") is None


def test_a_client_that_leaves_half_way_gets_what_its_half_is_worth(edge: Edge) -> None:
    answer = send(edge.port, HEAD + b"Content-Length: 9\r\n\r\nabc", half_close=True)
    assert answer is not None
    assert answer.body == b"3"
    assert send(edge.port, b"POST / HT", half_close=True) is None


def test_half_sent_requests_do_not_stop_the_service(edge: Edge) -> None:
    with ExitStack() as crowd:
        for _ in range(50 // 2):
            crowd.enter_context(connect(edge.port, HEAD))
            crowd.enter_context(connect(edge.port, HEAD + b"Content-Length: 1000\r\n\r\nx"))
        assert [edge.good() for _ in range(20)] == [(200, b"5")] * 20


def test_clients_that_never_read_do_not_stop_the_service(edge: Edge) -> None:
    with ExitStack() as crowd:
        for _ in range(THREADS * 2):
            crowd.enter_context(connect(edge.port, b"GET /large HTTP/1.1\r\nHost: shop\r\n\r\n"))
        assert edge.good() == (200, b"5")


def test_clients_that_never_hang_up_do_not_stop_the_service(edge: Edge) -> None:
    """gthread waits for each of them in its main loop for two seconds."""
    with ExitStack() as crowd:
        socks = [
            crowd.enter_context(
                connect(edge.port, b"GET / HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n")
            )
            for _ in range(20)
        ]
        assert all(read_answer(sock) for sock in socks)
        assert edge.good() == (200, b"5")


def test_who_sends_most_is_turned_away_when_all_together_hold_too_much(edge: Edge) -> None:
    """Each of them stays below the cap; what they hold together does not."""
    with ExitStack() as crowd:
        begun = HEAD + b"Content-Length: 65000\r\n\r\n" + b"x" * 60_000
        large = [crowd.enter_context(connect(edge.port, begun)) for _ in range(20)]
        assert edge.good(b"paid", "/payments/ipn") == (200, b"4")
        until(lambda: len(answered(large)) >= 15)  # the others fit
        assert {problem_of(read_answer(sock)) for sock in answered(large)} == {(503, "overloaded")}


def test_a_full_room_makes_room_for_who_comes_next(edge: Edge) -> None:
    with ExitStack() as crowd:
        for _ in range(ROOM * 2):
            crowd.enter_context(connect(edge.port, HEAD))
        assert edge.good() == (200, b"5")


def test_notices_do_not_wait_behind_what_is_slow(edge: Edge, tmp_path: Path) -> None:
    """All general threads hang in the application."""
    signal_file = tmp_path / "go"
    with ExitStack() as crowd:
        for _ in range(THREADS):
            crowd.enter_context(
                connect(edge.port, f"GET /wait{signal_file} HTTP/1.1\r\nHost: shop\r\n\r\n".encode())
            )
        until(lambda: signal_file.with_suffix(".begun").exists())
        assert edge.good(path="/payments/ipn") == (200, b"5")
        assert edge.good(path="/kinguin/webhooks") == (200, b"5")
        signal_file.touch()


def test_a_crowd_of_payment_notices_is_served_together(edge: Edge) -> None:
    """They all stand still at once: what one thread would serve in ten seconds, longer than the clients wait."""
    notice = b"POST /payments/ipn HTTP/1.1\r\nHost: shop\r\nContent-Length: 4\r\n\r\npaid"
    with ExitStack() as crowd:
        socks = [crowd.enter_context(connect(edge.port, notice)) for _ in range(50)]
        answers = [read_answer(sock) for sock in socks]
    assert [answer.body for answer in answers if answer] == [b"4"] * 50


def test_a_notice_that_needs_the_database_is_served_by_a_thread(edge: Edge) -> None:
    assert edge.good(b"elsewhere", "/payments/ipn") == (200, b"9")


def test_notices_in_one_piece_are_answered_in_order(edge: Edge) -> None:
    pieces = [b"x" * size for size in (1, 2)] + [b"elsewhere", b"xxx"]
    notices = [
        b"POST /payments/ipn HTTP/1.1\r\nHost: shop\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        for body in pieces
    ]
    received = b""
    with connect(edge.port, b"".join(notices)) as sock:
        while not received.endswith(b"\r\n\r\n3"):
            received += sock.recv(65536)
    assert [part[:1] for part in received.split(b"\r\n\r\n")[1:]] == [b"1", b"2", b"9", b"3"]


def test_when_too_much_waits_others_are_turned_away_and_notices_are_not(edge: Edge, tmp_path: Path) -> None:
    door = tmp_path / "door"
    with ExitStack() as crowd:
        for number in range(THREADS + 54):
            slow = b"GET /wait%s HTTP/1.1\r\nHost: shop\r\n\r\n" % str(door).encode()
            crowd.enter_context(connect(edge.port, slow))
            if number == 0:
                until(door.with_suffix(".begun").exists)
        until(lambda: problem_of(send(edge.port, HEAD + b"\r\n")) == (503, "overloaded"))
        assert edge.good(b"paid", "/payments/ipn") == (200, b"4")
        assert edge.good(b"hint", "/kinguin/webhooks") == (200, b"4")
        door.touch()
    until(lambda: edge.good() == (200, b"5"))


def test_sigterm_lets_a_request_finish(own_edge: Edge, tmp_path: Path) -> None:
    signal_file = tmp_path / "go"
    with connect(own_edge.port, f"GET /wait{signal_file} HTTP/1.1\r\nHost: shop\r\n\r\n".encode()) as sock:
        until(lambda: signal_file.with_suffix(".begun").exists())
        own_edge.process.signal(signal.SIGTERM)
        until(lambda: own_edge.said("Handling signal: term"))
        signal_file.touch()
        answer = read_answer(sock)
    assert answer is not None
    assert answer.status == 200
    assert own_edge.process.wait(60) == 0


def test_sigterm_does_not_wait_for_who_never_speaks(own_edge: Edge) -> None:
    with connect(own_edge.port), connect(own_edge.port, HEAD):
        own_edge.process.signal(signal.SIGTERM)
        assert own_edge.process.wait(40) == 0  # it would wait for a minute
