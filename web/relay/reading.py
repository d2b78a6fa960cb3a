"""The journal read from worker threads, so that the event loop never waits for PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ParamSpec, TypeVar
from uuid import UUID

from bitloot.errors import Retryable
from db import Order, journal
from db.base import scope
from db.journal import Cursor, JournalMove
from web.relay.limits import Limits

__all__ = ["READERS", "Page", "Reading", "Start"]

#: Threads for clients that join; the follower has one to itself, so that no crowd of them delays it.
READERS = 4

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Start:
    """Where a subscription begins. If `recovered`, `moves` are the first ones after the client's cursor; if not, the
    client gets the present state, which is what `last` came to (None before the order's first settled move)."""

    recovered: bool
    after: Cursor
    moves: list[JournalMove]
    last: JournalMove | None


@dataclass(frozen=True)
class Page:
    """Settled moves in order; `full` if there may be more. `held` counts committed ones (up to a page) that an older
    transaction, still open, holds back."""

    moves: list[JournalMove]
    full: bool
    held: int


class Reading:
    """All methods raise Retryable when the database cannot be read."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._follower = ThreadPoolExecutor(1, "relay-follower")
        self._readers = ThreadPoolExecutor(READERS, "relay-reader")

    async def head(self) -> Cursor:
        return await _in(self._follower, journal.head)

    async def follow(self, cursor: Cursor) -> Page:
        """The next settled moves, for the fan-out."""
        return await _in(self._follower, _follow, cursor, self._limits)

    async def page(self, cursor: Cursor, order: UUID | None) -> list[JournalMove]:
        """The next page of settled moves of one order, or of all, for one client."""
        return await _in(self._readers, journal.follow, cursor, self._limits.page_moves, _only(order))

    async def start(self, order: UUID | None, cursor: Cursor | None) -> Start | None:
        """Where a client that last saw `cursor` begins; None if there is no such order."""
        return await _in(self._readers, _start, order, cursor, self._limits)

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


def _follow(cursor: Cursor, limits: Limits) -> Page:
    moves = journal.follow(cursor, limits.page_moves)
    if len(moves) == limits.page_moves:
        return Page(moves, True, 0)
    return Page(moves, False, journal.behind(moves[-1].cursor if moves else cursor, limits.page_moves))


def _start(order: UUID | None, cursor: Cursor | None, limits: Limits) -> Start | None:
    """The head is read first: what settles between these statements is later than it, and none of it is lost."""
    if order is not None and not Order.select(Order.id).where(Order.id == order).exists():
        return None
    head = journal.head()
    if cursor is not None and _reaches(cursor, head, order, limits):
        return Start(True, cursor, journal.follow(cursor, limits.page_moves, _only(order)), None)
    if order is None:
        return Start(False, head, [], None)
    origin = Cursor(head.epoch, 0, 0)
    moves = journal.follow(origin, limits.replay_moves, [order])
    return Start(False, moves[-1].cursor, [], moves[-1]) if moves else Start(False, origin, [], None)


def _reaches(cursor: Cursor, head: Cursor, order: UUID | None, limits: Limits) -> bool:
    """Whether everything after `cursor` can be told: it lies in this journal, and not too far back."""
    if cursor.epoch != head.epoch or cursor > head:
        return False
    return journal.behind(cursor, limits.replay_moves + 1, _only(order)) <= limits.replay_moves


def _only(order: UUID | None) -> list[UUID] | None:
    return None if order is None else [order]
