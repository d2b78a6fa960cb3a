"""An attempt knows when it is over, and whether a byte may have left."""

from __future__ import annotations

import socket
import time

import pytest

from bitloot.attempt import Attempt, attempted, keep_timeout, not_after
from bitloot.channel import Channel
from bitloot.errors import Retryable
from bitloot.fetch import Fetch
from tests.bitloot.rude_server import answering, serving


def test_an_attempt_that_never_met_our_connections_may_have_been_sent() -> None:
    assert Attempt(5).unsent is False


def test_an_attempt_is_over_when_its_seconds_are() -> None:
    assert Attempt(0).over
    assert not Attempt(60).over
    assert 0 < Attempt(60).left <= 60


def _get(url: str) -> bytes:
    channel = Channel(url, connect_timeout=5, read_timeout=5, max_bytes=1000)
    return channel.exchange("GET", "/", {}, None, fresh=True).body


def test_a_call_that_went_through_was_sent() -> None:
    attempt = Attempt(10)
    with serving(answering("200 OK", b"ok")) as server:
        with attempted(attempt):
            assert _get(server.url) == b"ok"
        assert attempt.unsent is False
        assert _get(server.url) == b"ok"  # without an attempt: as ever


def test_attempts_may_nest() -> None:
    outer, inner = Attempt(10), Attempt(10)
    with serving(answering("200 OK")) as server, attempted(outer):
        outer.unsent = True
        with attempted(inner):
            _get(server.url)
        assert outer.unsent is True


def test_a_call_whose_time_was_over_before_it_began_never_leaves() -> None:
    """A process that stood still for an hour wakes with its purchase on the tongue."""
    with serving(answering("200 OK", b"bought")) as server:
        fetch = Fetch(server.url, name="supplier")
        with not_after(time.monotonic() - 1), pytest.raises(Retryable, match="before it was sent"):
            fetch.post("/orders", json={})
        assert server.requests == []
        assert fetch.post("/orders", json={}).body == b"bought"
        fetch.close()


def test_a_call_under_a_lease_is_over_when_the_lease_is() -> None:
    with not_after(time.monotonic() + 5):
        assert Attempt(60).left <= 5
        assert Attempt(2).left <= 2
    assert Attempt(60).left > 50


def test_a_socket_waits_as_long_as_the_step_may_and_is_told_so_when_that_changes() -> None:
    with socket.socket() as sock:
        for seconds in (3.0, 3.01, 0.5, 30.0, None, 2.0):
            keep_timeout(sock, seconds)
            known = sock.gettimeout()
            assert known == pytest.approx(seconds, abs=0.05)
