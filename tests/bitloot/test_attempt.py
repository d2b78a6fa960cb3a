"""An attempt knows when it is over, and whether a byte may have left."""

from __future__ import annotations

from bitloot.attempt import Attempt, DeadlinePools, attempted
from tests.bitloot.rude_server import answering, serving


def test_an_attempt_that_never_met_our_connections_may_have_been_sent() -> None:
    assert Attempt(5).unsent is False


def test_an_attempt_is_over_when_its_seconds_are() -> None:
    assert Attempt(0).over
    assert not Attempt(60).over
    assert 0 < Attempt(60).left <= 60


def test_a_call_that_went_through_was_sent() -> None:
    attempt = Attempt(10)
    with serving(answering("200 OK", b"ok")) as server, DeadlinePools(num_pools=1) as pools:
        with attempted(attempt):
            assert pools.request("GET", server.url).data == b"ok"
        assert attempt.unsent is False
        assert pools.request("GET", server.url).data == b"ok"  # without an attempt: as ever


def test_attempts_may_nest() -> None:
    outer, inner = Attempt(10), Attempt(10)
    with serving(answering("200 OK")) as server, DeadlinePools(num_pools=1) as pools, attempted(outer):
        outer.unsent = True
        with attempted(inner):
            pools.request("GET", server.url)
        assert outer.unsent is True
