"""Following the moves: every one that committed, none before its commit, none skipped (DESIGN §3)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.base import rows

__all__ = ["Cursor", "JournalMove", "Look", "behind", "follow", "head", "held_seconds", "look"]

#: `xid` itself must stay the column's name: ORDER BY takes the name of an output column first, and a text sorts 1000
#: before 999.
_COLUMNS = "xid::text AS xid_told, id, order_id, seq, src, dst, actor, reason, data, at"


@dataclass(frozen=True, order=True)
class Cursor:
    """A place in the journal. The epoch changes when a backup is restored."""

    epoch: str
    xid: int
    id: int


@dataclass(frozen=True)
class JournalMove:
    cursor: Cursor
    order_id: uuid.UUID
    seq: int
    src: str | None
    dst: str
    actor: str
    reason: str
    data: dict[str, Any]
    at: datetime


@dataclass(frozen=True)
class Look:
    """The next settled moves, in order; `full` if there may be more. `held` counts the committed ones after them that
    an older transaction, still open, holds back."""

    moves: list[JournalMove]
    full: bool
    held: int


def head() -> Cursor:
    """The place after everything that is settled now."""
    epoch, xid, move_id = rows(
        "SELECT (SELECT id::text FROM journal_epoch ORDER BY started_at DESC LIMIT 1),"
        " coalesce(m.xid::text, '0'), coalesce(m.id, 0) FROM (SELECT 1) one LEFT JOIN LATERAL ("
        " SELECT xid, id FROM moves WHERE xid < pg_snapshot_xmin(pg_current_snapshot())"
        " ORDER BY xid DESC, id DESC LIMIT 1) m ON true"
    )[0]
    return Cursor(epoch, int(xid), int(move_id))


def follow(cursor: Cursor, limit: int = 1000, orders: Sequence[uuid.UUID] | None = None) -> list[JournalMove]:
    """Up to `limit` settled moves after `cursor`, in the order of (transaction id, row id).

    Only rows below `pg_snapshot_xmin`: a transaction that is still open may yet commit rows between later ones.
    """
    only = "" if orders is None else " AND order_id = ANY(%s::uuid[])"
    found = rows(
        f"SELECT {_COLUMNS} FROM moves"  # noqa: S608
        " WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) AND (xid, id) > (%s::xid8, %s)"
        f"{only} ORDER BY xid, id LIMIT %s",
        *(str(cursor.xid), cursor.id),
        *(() if orders is None else ([str(order) for order in orders],)),
        limit,
    )
    return [_move(cursor.epoch, *row) for row in found]


def look(cursor: Cursor, limit: int = 1000) -> Look:
    """What `follow` finds, and how much is held back behind it: one query, at most `limit` rows in all."""
    found = rows(
        f"SELECT xid < pg_snapshot_xmin(pg_current_snapshot()), {_COLUMNS} FROM moves"  # noqa: S608
        " WHERE (xid, id) > (%s::xid8, %s) ORDER BY xid, id LIMIT %s",
        *(str(cursor.xid), cursor.id),
        limit,
    )
    moves = [_move(cursor.epoch, *row) for settled, *row in found if settled]
    return Look(moves, full=len(moves) == limit, held=len(found) - len(moves))


def behind(cursor: Cursor, most: int, orders: Sequence[uuid.UUID] | None = None) -> int:
    """How many committed moves lie after `cursor`, settled or not; counts no further than `most`."""
    only = "" if orders is None else " AND order_id = ANY(%s::uuid[])"
    found = rows(
        f"SELECT count(*) FROM (SELECT FROM moves WHERE (xid, id) > (%s::xid8, %s){only} LIMIT %s) more",  # noqa: S608
        *(str(cursor.xid), cursor.id),
        *(() if orders is None else ([str(order) for order in orders],)),
        most,
    )
    return int(found[0][0])


def _move(epoch: str, xid: str, move_id: int, order_id: Any, *rest: Any) -> JournalMove:
    return JournalMove(Cursor(epoch, int(xid), move_id), uuid.UUID(str(order_id)), *rest)


def held_seconds() -> float:
    """How long the oldest committed move waits for an older transaction, open anywhere in the cluster; 0 if none."""
    found = rows(
        "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0) FROM moves"
        " WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())"
    )
    return max(0.0, float(found[0][0]))
