"""Where a stream begins: what its client missed, or how things stand now. For the relay and for web/live.py."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from db import Order, journal
from db.journal import Cursor, JournalMove
from web.relay.limits import Limits

__all__ = ["Start", "find_start"]


@dataclass(frozen=True)
class Start:
    """Where a subscription begins. If `recovered`, `moves` are the first ones after the client's cursor; if not, the
    client gets the present state, which is what `last` came to (None before the order's first settled move)."""

    recovered: bool
    after: Cursor
    moves: list[JournalMove]
    last: JournalMove | None


def find_start(order: UUID | None, cursor: Cursor | None, limits: Limits) -> Start | None:
    """For one order, or for all. None if there is no such order.

    The head is read first: what settles between these statements is later than it, and none of it is lost.
    """
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
