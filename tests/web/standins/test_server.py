"""The server itself: many clients, kept connections, a clean end."""

from __future__ import annotations

import http.client
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.web.standins.caller import Caller
from web.standins import RunningStandins, StandinsConfig, start_standins


def test_one_connection_carries_many_calls(standins: RunningStandins) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", standins.port, timeout=10)
    connection.connect()
    kept = connection.sock
    for _ in range(3):
        connection.request("GET", "/nowpayments/v1/status")
        answer = connection.getresponse()
        assert (answer.status, answer.version, answer.read()) == (200, 11, b'{"message":"OK"}')
        assert answer.getheader("Content-Length") == "16"
        assert connection.sock is kept
    connection.close()


def test_a_body_that_nobody_reads_does_not_spoil_the_next_call(caller: Caller) -> None:
    assert caller.nowpayments("POST", "/nothing/here", data=b"x" * 100_000).status_code == 404
    assert caller.nowpayments("GET", "/status").status_code == 200


@pytest.mark.parametrize(
    "header", ["Transfer-Encoding: chunked", "Content-Length: -1", "Content-Length: 99999999"]
)
def test_a_body_without_a_fair_length_is_refused(standins: RunningStandins, header: str) -> None:
    with socket.create_connection(("127.0.0.1", standins.port), 10) as connection:
        connection.sendall(f"POST /resend/emails HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 411")


def test_many_clients_at_once_are_all_served(caller: Caller) -> None:
    caller.control("POST", "/config", json={"delivery_seconds": 0, "webhooks": False})
    with ThreadPoolExecutor(32) as hands:
        statuses = list(hands.map(lambda n: caller.order(f"BL-{n}").status_code, range(100)))
    assert statuses == [201] * 100
    charged = caller.control("GET", "/stats").json()["charges"]
    assert charged == {f"BL-{n}": 1 for n in range(100)}


def test_closing_ends_kept_connections_and_frees_the_port(config: StandinsConfig) -> None:
    running = start_standins(config)
    with socket.create_connection(("127.0.0.1", running.port), 10) as idle:
        idle.sendall(b"GET /nowpayments/v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(65536).startswith(b"HTTP/1.1 200")
        running.close()
        assert idle.recv(1) == b""
    with start_standins(config, running.port) as again:
        assert again.port == running.port


def test_a_taken_port_is_an_error(config: StandinsConfig, standins: RunningStandins) -> None:
    with pytest.raises(OSError, match=r".+"):
        start_standins(config, standins.port)


def test_it_listens_on_loopback_only(standins: RunningStandins) -> None:
    assert requests.get(f"{standins.url}/nowpayments/v1/status", timeout=10).status_code == 200
    assert standins._server.server_address[0] == "127.0.0.1"
