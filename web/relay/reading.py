"""The journal read from worker threads, so that the event loop never waits for PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar
from uuid import UUID

from bitloot.errors import Retryable
from db import journal, revocations
from db.base import scope
from db.journal import Cursor, JournalMove, Look
from db.revocations import Grant
from web.relay.limits import Limits
from web.relay.start import Start, find_start

__all__ = ["READERS", "Reading"]

#: Threads for clients that join; the follower has one to itself, so that no crowd of them delays it.
READERS = 4

P = ParamSpec("P")
R = TypeVar("R")


class Reading:
    """All methods raise Retryable when the database cannot be read."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._follower = ThreadPoolExecutor(1, "relay-follower")
        self._readers = ThreadPoolExecutor(READERS, "relay-reader")

    async def head(self) -> Cursor:
        return await _in(self._follower, journal.head)

    async def look(self, cursor: Cursor) -> Look:
        """The next settled moves, for the fan-out."""
        return await _in(self._follower, journal.look, cursor, self._limits.page_moves)

    async def page(self, cursor: Cursor, order: UUID | None) -> list[JournalMove]:
        """The next page of settled moves of one order, or of all, for one client."""
        only = None if order is None else [order]
        return await _in(self._readers, journal.follow, cursor, self._limits.page_moves, only)

    async def start(self, order: UUID | None, cursor: Cursor | None) -> Start | None:
        """Where a client that last saw `cursor` begins; None if there is no such order."""
        return await _in(self._readers, find_start, order, cursor, self._limits)

    async def ended(self, grants: Iterable[Grant]) -> set[Grant]:
        """Those of `grants` that somebody has withdrawn."""
        return await _in(self._readers, revocations.ended, grants)

    def close(self) -> None:
        self._follower.shutdown(wait=False, cancel_futures=True)
        self._readers.shutdown(wait=False, cancel_futures=True)


async def _in(threads: ThreadPoolExecutor, read: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    def scoped() -> R:
        with scope():
            return read(*args, **kwargs)

    try:
        return await asyncio.get_running_loop().run_in_executor(threads, scoped)
    except Exception as error:
        raise Retryable(f"relay: the journal cannot be read: {type(error).__name__}") from error
