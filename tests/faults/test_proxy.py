"""The proxy passes everything on, and loses exactly what it was told to lose."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

from tests.faults.proxy import Link, Proxy, Verb
from tests.waiting import until


class Echo(socketserver.BaseRequestHandler):
    """Answers each word with itself, and remembers it."""

    heard: list[bytes]

    def handle(self) -> None:
        while part := self.request.recv(1024):
            self.heard.append(part)
            self.request.sendall(b"you said " + part)


@pytest.fixture
def heard() -> list[bytes]:
    return []


@pytest.fixture
def port(heard: list[bytes]) -> Iterator[int]:
    handler = type("EchoHere", (Echo,), {"heard": heard})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def _judge(link: Link) -> Verb:
    return {b"buy": Verb.CUT_REPLY, b"lose": Verb.CUT_REQUEST}.get(link.asked, Verb.PASS)


def _say(client: socket.socket, word: bytes) -> bytes:
    client.sendall(word)
    return client.recv(1024)


def test_what_is_not_judged_passes_both_ways(port: int, heard: list[bytes]) -> None:
    with Proxy(port) as proxy, socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client:
        assert [_say(client, word) for word in (b"buy", b"lose")] == [b"you said buy", b"you said lose"]
        assert heard == [b"buy", b"lose"]
        assert proxy.cuts == []


def test_a_lost_reply_was_heard_and_given_but_never_arrives(port: int, heard: list[bytes]) -> None:
    with (
        Proxy(port, _judge) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client,
    ):
        assert _say(client, b"hello") == b"you said hello"
        assert _say(client, b"buy") == b""
        assert heard == [b"hello", b"buy"]
        assert [(cut.asked, cut.reply) for cut in proxy.cuts] == [(b"buy", b"you said buy")]


def test_a_lost_request_is_never_heard(port: int, heard: list[bytes]) -> None:
    with (
        Proxy(port, _judge) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client,
    ):
        assert _say(client, b"lose") == b""
        assert heard == []
        assert [(cut.asked, cut.reply) for cut in proxy.cuts] == [(b"lose", b"")]


def test_connections_end_when_they_are_dropped_and_new_ones_are_taken(port: int) -> None:
    with Proxy(port) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client:
            assert _say(client, b"hello") == b"you said hello"
            proxy.close_all()
            assert client.recv(1024) == b""
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client:
            assert _say(client, b"again") == b"you said again"


def test_a_clogged_connection_says_nothing_to_either_side(port: int, heard: list[bytes]) -> None:
    with Proxy(port) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client:
            assert _say(client, b"hello") == b"you said hello"
            proxy.clog()
            client.sendall(b"lost")
            client.settimeout(0.2)
            with pytest.raises(TimeoutError):
                client.recv(1024)
        assert heard == [b"hello"]


def test_a_server_that_is_away_is_away_through_the_proxy_too(port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        nobody = unused.getsockname()[1]
    with Proxy(nobody) as proxy, socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client:
        until(lambda: client.recv(1024) == b"", what="the end of the connection")
