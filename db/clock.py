"""The database's clock is the shop's. How far this host's is off, who hears of it, and a time without that error."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

__all__ = ["ALARM", "compare", "now", "time_of"]

log = structlog.get_logger(__name__)

#: A host whose clock is off by more (seconds) should be known: the queue compares heartbeats of several hosts, and
#: at 60 s it takes the living for dead (RELIABILITY §0 #5).
ALARM = 5.0

#: Less (seconds) is the noise of the reading. An answer that took longer than PROMPT says nothing about now.
NOISE, PROMPT = 1.0, 1.0

#: The same is said again after this (seconds) at the earliest.
AGAIN = 60.0

_ahead = 0.0  # seconds by which this host's clock is ahead of the database's
_told = float("-inf")


def compare(ask: Callable[[], datetime]) -> float:
    """Reads the database's clock by `ask`; seconds by which ours is ahead. Says so where that is an alarm."""
    global _ahead, _told
    began = time.monotonic()
    told = ask()
    ahead = (datetime.now(UTC) - told).total_seconds()
    if time.monotonic() - began > PROMPT:
        return _ahead
    _ahead = ahead if abs(ahead) > NOISE else 0.0
    if abs(_ahead) > ALARM and began - _told > AGAIN:
        _told = began
        log.error("this host's clock is not the database's", action="clock_skew", seconds=round(ahead, 1))
    return _ahead


def now() -> datetime:
    """The time, aware: by the database's clock as far as it is known. Leases and due times are made in the database."""
    return datetime.now(UTC) - timedelta(seconds=_ahead)


def time_of(connection: Any) -> datetime:
    """The time at the other end of a psycopg2 connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found
