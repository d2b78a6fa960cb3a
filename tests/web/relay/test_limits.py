"""Limits that fit the machine."""

from __future__ import annotations

import resource

from web.relay.limits import OWN_DESCRIPTORS, Limits, connections_allowed


def test_no_more_clients_than_descriptors() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert connections_allowed(Limits(connections=3)) == 3
    assert connections_allowed(Limits(connections=1 << 40)) == max(1, min(1 << 40, hard - OWN_DESCRIPTORS))
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == hard


def test_the_limits_are_those_of_the_document() -> None:
    limits = Limits()
    assert (limits.hello_seconds, limits.message_bytes, limits.subscriptions) == (5, 4096, 50)
    assert (limits.buffer_bytes, limits.replay_moves) == (1 << 17, 10_000)
    assert limits.drain_seconds + 1 < 10
