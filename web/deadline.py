"""A total deadline for the database's part in a request, kept by the client: a stopped server says nothing."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ, set_wait_callback

from db.base import scope
from web.desk import Elsewhere, at_the_desk
from web.limits import DATABASE_SECONDS

__all__ = ["database", "install", "renew"]

#: For statements outside `database` (seconds); the server's own statement_timeout is shorter.
OTHERWISE = 15.0

_local = threading.local()


def install() -> None:
    """Makes every statement of this process wait here. libpq's own waiting has no end when a server is stopped
    but its kernel still acknowledges (SIGSTOP, a stuck disk): tcp_user_timeout and statement_timeout do not help.
    """
    set_wait_callback(_wait)


@contextmanager
def database(seconds: float = DATABASE_SECONDS) -> Iterator[None]:
    """One connection for this thread, and `seconds` in all for what is done with it, taking it included.

    Raises peewee's OperationalError when they are over. Whether a commit under way took effect is then unknown.
    At the desk nobody may wait for a server: there it raises Elsewhere.
    """
    if at_the_desk():
        raise Elsewhere
    renew(seconds)
    try:
        with scope():
            yield
    finally:
        _local.until = None


def renew(seconds: float = DATABASE_SECONDS) -> None:
    """Begins the time anew, after a stranger was called with the connection in hand."""
    _local.until = time.monotonic() + seconds


def _wait(connection: Any) -> None:
    """psycopg2 calls this instead of blocking; what is raised here closes the connection."""
    until = getattr(_local, "until", None) or time.monotonic() + OTHERWISE
    while (state := connection.poll()) != POLL_OK:
        waiting = select.poll()
        waiting.register(connection.fileno(), select.POLLIN if state == POLL_READ else select.POLLOUT)
        left = until - time.monotonic()
        if left <= 0 or not waiting.poll(left * 1000):
            raise psycopg2.OperationalError("the database did not answer in time")
