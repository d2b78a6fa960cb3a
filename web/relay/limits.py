"""How much a client may ask of the relay, and how long it may take."""

from __future__ import annotations

import contextlib
import resource
from dataclasses import dataclass
from typing import Self

from bitloot.settings import Settings

__all__ = ["Limits", "connections_allowed"]

#: Descriptors that are not clients: database, Valkey, log, listening sockets, and some to spare.
OWN_DESCRIPTORS = 128


@dataclass(frozen=True)
class Limits:
    """Times in seconds, sizes in bytes."""

    hello_seconds: float = 5  # from the handshake to an accepted token
    message_bytes: int = 4096  # one message of a client
    subscriptions: int = 50  # of one client
    connections: int = 20_000  # of this process, those without a token included
    strangers: int = 2_000  # of these, without a token yet
    per_address: int = 200  # of these, from one address
    buffer_bytes: int = 1 << 17  # sent but not yet taken by the kernel: beyond it the client is cut
    farewell_seconds: float = 5  # for a client that is cut as too slow to read up to the close
    send_seconds: float = 20  # for one message of a replay, which waits for the client
    ping_seconds: float = 20  # a client that says nothing is asked this often
    silence_seconds: float = 45  # and cut after this long without a byte from it
    replay_moves: int = 10_000  # further behind than this a client is told to reload
    page_moves: int = 1_000  # read from the journal at once
    telemetry_bytes: int = 4096  # `data` of one unjournalled event
    gather_seconds: float = 0.005  # bells within this time are one look
    rights_seconds: float = 5  # how often rights are looked up that somebody may have withdrawn
    drain_seconds: float = 8  # from SIGTERM to the last close; the rest is aborted
    spread_seconds: float = 5  # clients sent away come back spread over this time

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        return cls(connections=settings.relay_connections, per_address=settings.relay_per_address)


def connections_allowed(limits: Limits) -> int:
    """As many as the limit says and descriptors are there for; lifts the soft limit to the hard one first."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with contextlib.suppress(OSError, ValueError):  # some kernels refuse a hard limit above their own
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft == resource.RLIM_INFINITY:
        return limits.connections
    return max(1, min(limits.connections, soft - OWN_DESCRIPTORS))
