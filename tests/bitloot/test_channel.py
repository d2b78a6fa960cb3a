"""Connections to one provider: which are used again, and what counts as a whole answer."""

from __future__ import annotations

import gzip
import os
import signal
import socket
import ssl
import warnings
import zlib

import pytest

from bitloot.attempt import OddFraming
from bitloot.channel import FAILURES, YOUNG, Channel, TooLargeError, _has_word
from tests.bitloot.rude_server import Manner, RudeServer, answering, read_request, serving
from tests.bitloot.test_fetch_doubt import strange_tls
from tests.waiting import until

__all__ = ["strange_tls"]  # a fixture


def channel(url: str, max_bytes: int = 1000) -> Channel:
    return Channel(url, connect_timeout=5, read_timeout=5, max_bytes=max_bytes)


def ask(channel: Channel, method: str = "GET", *, fresh: bool = False) -> bytes:
    return channel.exchange(method, "/", {}, None, fresh=fresh).body


def once(conn: socket.socket, server: RudeServer) -> None:
    """Says that it keeps the connection, and does not."""
    read_request(conn, server)
    conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


def test_a_connection_that_the_other_side_ended_is_not_used_again() -> None:
    with serving(once) as server:
        wire = channel(server.url)
        for _ in range(3):
            assert ask(wire) == b"ok"
            until(lambda: _has_word(wire._idle[0]), what="the end of the connection")
        assert server.connections == 3
        wire.close()


def test_a_fresh_connection_leaves_the_kept_one_alone() -> None:
    with serving(answering("200 OK", b"ok")) as server:
        wire = channel(server.url)
        assert [ask(wire), ask(wire, fresh=True), ask(wire)] == [b"ok"] * 3
        assert server.connections == 2
        wire.close()


def test_what_was_idle_for_too_long_for_a_post_takes_nobodys_place() -> None:
    with serving(answering("200 OK", b"ok")) as server:
        wire = channel(server.url)
        for _ in range(3):
            assert ask(wire, "POST") == b"ok"
            wire._idle[-1].idle_since -= YOUNG + 1
        assert [ask(wire, "POST"), ask(wire, "POST")] == [b"ok"] * 2
        assert server.connections == 4
        assert len(wire._idle) == 1
        wire.close()


def test_a_child_process_leaves_its_parents_connection_alone() -> None:
    with serving(answering("200 OK", b"ok")) as server:
        wire = channel(server.url)
        ask(wire)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # from Python 3.12: this test run has threads
            child = os.fork()
        if child == 0:  # only the child comes here, and it leaves without pytest's cleaning up
            signal.alarm(30)
            good = False
            try:
                good = ask(wire) == b"ok"
            finally:
                os._exit(0 if good else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert server.connections == 2
        assert ask(wire) == b"ok"
        assert server.connections == 2
        wire.close()


def _packed(body: bytes) -> Manner:
    return answering("200 OK", body, Content_Encoding="gzip")


@pytest.mark.parametrize(
    ("manner", "failure"),
    [
        (_packed(gzip.compress(b"x" * 1001)), TooLargeError),
        (answering("200 OK", b"x" * 1001), TooLargeError),
        (_packed(gzip.compress(b"x" * 1000)[:-9]), zlib.error),
        (_packed(b"plain"), zlib.error),
        (_packed(gzip.compress(b"{}") * 2), zlib.error),
    ],
)
def test_what_is_not_whole_or_too_large_is_no_answer(manner: Manner, failure: type[Exception]) -> None:
    with serving(manner) as server:
        wire = channel(server.url)
        with pytest.raises(failure) as raised:
            ask(wire)
        assert isinstance(raised.value, FAILURES)
        wire.close()


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        b"Content-Length: -2\r\n\r\n{}",
        b"Content-Length: +2\r\n\r\n{}",
        b"Content-Length: 2, 2\r\n\r\n{}",
        b"Transfer-Encoding: gzip\r\n\r\n{}",
        b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
    ],
)
def test_an_answer_that_may_be_read_in_two_ways_is_none(framing: bytes) -> None:
    def saying(conn: socket.socket, server: RudeServer) -> None:
        read_request(conn, server)
        conn.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + framing)

    with serving(saying) as server:
        wire = channel(server.url)
        with pytest.raises(OddFraming) as raised:
            ask(wire)
        assert isinstance(raised.value, FAILURES)
        wire.close()


def test_what_may_lie_behind_an_answer_without_a_body_is_not_the_next_answer() -> None:
    def manner(conn: socket.socket, server: RudeServer) -> None:
        while read_request(conn, server):
            conn.sendall(b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n")

    with serving(manner) as server:
        wire = channel(server.url)
        assert [ask(wire), ask(wire)] == [b"", b""]
        assert server.connections == 2
        wire.close()


def test_a_body_as_large_as_allowed_is_read() -> None:
    for manner in (_packed(gzip.compress(b"x" * 1000)), answering("200 OK", b"x" * 1000)):
        with serving(manner) as server:
            wire = channel(server.url)
            assert ask(wire) == b"x" * 1000
            wire.close()


@pytest.mark.parametrize("url", ["", "not a url", "ftp://example.test", "http://", "http://127.0.0.1:port"])
def test_what_is_no_address_is_a_failure_of_its_call(url: str) -> None:
    with pytest.raises(FAILURES):
        ask(channel(url))


def test_an_address_of_the_new_kind_has_its_own_port() -> None:
    plain, secure = (channel(url).place() for url in ("http://[::1]/v1", "https://[2606:4700::1111]/"))
    assert (plain.host, plain.port) == ("::1", 80)
    assert (secure.host, secure.port) == ("2606:4700::1111", 443)


def _two_answers(conn: socket.socket, server: RudeServer) -> None:
    """In one record of TLS: of the second the kernel knows nothing."""
    read_request(conn, server)
    first = b"HTTP/1.1 200 OK\r\nX-Padding: %s\r\nContent-Length: 5\r\n\r\nfirst"
    padding = b"x" * (8192 - len(first % b""))  # so much the reader takes at once
    conn.sendall(first % padding + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond")
    server.closing.wait(5)


def test_an_answer_that_nobody_asked_for_is_given_to_nobody(
    strange_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting = ssl._create_unverified_context()
    monkeypatch.setattr("bitloot.channel._trust", lambda: trusting)
    with serving(_two_answers, strange_tls) as server:
        wire = channel(server.url, 10_000)
        assert [ask(wire), ask(wire)] == [b"first", b"first"]
        assert server.connections == 2
        wire.close()
