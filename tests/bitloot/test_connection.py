"""Where a connection leads, and what it knows of the one that it has."""

from __future__ import annotations

import socket

import pytest

from bitloot.attempt import Attempt, attempted
from bitloot.connection import Connection, place_of
from tests.bitloot.rude_server import RudeServer, answering, read_request, serving
from tests.waiting import until


@pytest.mark.parametrize(
    ("url", "port", "authority"),
    [
        ("http://Example.test/v1", 80, "example.test"),
        ("https://example.test:443", 443, "example.test"),
        ("https://example.test:8443", 8443, "example.test:8443"),
        ("http://[::1]/v1", 80, "[::1]"),
        ("https://bücher.test", 443, "xn--bcher-kva.test"),
    ],
)
def test_a_place_has_its_own_port_and_name(url: str, port: int, authority: str) -> None:
    place = place_of(url)
    assert (place.port, place.authority) == (port, authority)


@pytest.mark.parametrize("url", ["", "not a url", "ftp://example.test", "http://", "http://127.0.0.1:port"])
def test_what_is_no_address_leads_nowhere(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        place_of(url)


def test_an_idle_connection_tells_that_the_other_side_ended_it() -> None:
    def once(conn: socket.socket, server: RudeServer) -> None:
        read_request(conn, server)
        conn.sendall(b"yes")

    with serving(once) as server:
        connection = Connection(place_of(server.url), 5, 5)
        connection.send(b"GET / HTTP/1.1\r\n\r\n")
        assert connection.receive() == b"yes"
        until(connection.has_word, what="the end of the connection")
        assert connection.receive() == b""
        connection.close()
    assert connection.has_word()


def test_each_step_has_what_is_left_of_the_attempt_and_the_next_attempt_its_own() -> None:
    with serving(answering("200 OK", b"ok")) as server:
        connection = Connection(place_of(server.url), 5, 30)
        for seconds in (3, 60, 3):
            with attempted(Attempt(seconds)):
                connection.send(b"GET / HTTP/1.1\r\n\r\n")
                assert connection.receive()
                assert connection._sock is not None
                assert (connection._sock.gettimeout() or 0) <= min(seconds, 30)
                assert (connection._sock.gettimeout() or 0) > min(seconds, 30) / 2
        connection.close()
