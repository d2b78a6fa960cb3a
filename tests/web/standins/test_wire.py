"""How answers leave, seen by a bare socket."""

from __future__ import annotations

import socket
import time

import pytest

from tests.web.standins.caller import Caller

CALL = b"GET /nowpayments/v1/status HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = b'{"message":"OK"}'


def heard(caller: Caller, *, pieces: int = 1000) -> tuple[bytes, bool]:
    """What came before the end, and whether that was a reset."""
    came = b""
    with socket.create_connection(("127.0.0.1", caller.standins.port), 10) as connection:
        connection.sendall(CALL)
        try:
            for _ in range(pieces):
                if not (piece := connection.recv(65536)):
                    return came, False
                came += piece
        except ConnectionResetError:
            return came, True
    return came, False


@pytest.mark.parametrize(("how", "reset"), [("rst", True), ("fin", False)])
def test_a_dropped_answer_ends_in_a_reset_or_politely(caller: Caller, how: str, reset: bool) -> None:
    rule = {"point": "nowpayments.status", "kind": "drop_after_effect", "how": how}
    caller.control("POST", "/faults", json=rule)
    assert heard(caller) == (b"", reset)


@pytest.mark.parametrize(("how", "reset"), [("rst", True), ("fin", False)])
def test_an_answer_is_cut_in_the_middle_of_its_body(caller: Caller, how: str, reset: bool) -> None:
    rule = {"point": "nowpayments.status", "kind": "drop_after_effect", "cut": "body", "how": how}
    caller.control("POST", "/faults", json=rule)
    came, was_reset = heard(caller)
    head, _, body = came.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert b"content-length: 16" in head.lower()
    assert (body, was_reset) == (BODY[:8], reset)


def test_a_dripping_answer_comes_byte_by_byte(caller: Caller) -> None:
    rule = {"point": "nowpayments.status", "kind": "drip", "seconds": 0.01}
    caller.control("POST", "/faults", json=rule)
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", caller.standins.port), 10) as connection:
        connection.sendall(CALL)
        assert connection.recv(65536) == b"H"
        came = b"H"
        while not came.endswith(BODY):
            came += connection.recv(65536)
    assert time.monotonic() - began >= 0.01 * (len(came) - 1)
