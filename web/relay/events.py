"""What clients hear: each message as the bytes of one text frame."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from bitloot.states import OrderState
from db.journal import Cursor, JournalMove
from web.relay import cursors
from web.relay.messages import Key, Topic
from web.relay.rights import Rights

__all__ = [
    "TOPICS",
    "event_type",
    "message",
    "moved",
    "named",
    "reconnect",
    "subscribed",
    "telemetry",
    "welcome",
]

#: Events that are not in the journal, and the topic that each belongs to.
TOPICS: Mapping[str, Topic] = MappingProxyType(
    {
        "webhook:received": "webhooks",
        "admin:job-completed": "jobs",
        "admin:job-failed": "jobs",
        "admin:provider-blocked": "jobs",
        "admin:provider-freed": "jobs",
    }
)

_TYPES: Mapping[str, str] = MappingProxyType(
    {
        OrderState.PAID: "payment:confirmed",
        OrderState.WAITING: "fulfillment:reserved",
        OrderState.FAILED: "fulfillment:error",
        OrderState.REVIEW: "fulfillment:error",
    }
)


def event_type(dst: str) -> str:
    """The name of a move to `dst` (DESIGN §4)."""
    return _TYPES.get(dst, "fulfillment:status")


def moved(move: JournalMove, *, admin: bool) -> bytes:
    """A move as an event. Reasons and figures are for admins only."""
    data: dict[str, Any] = {"src": move.src, "dst": move.dst}
    if admin:
        data |= {"actor": move.actor, "reason": move.reason, "data": move.data}
    return message(
        event_type(move.dst),
        id=f"{move.order_id}:{move.seq}",  # no row id: it would tell a buyer how much the shop sells
        cursor=cursors.write(move.cursor),
        order=str(move.order_id),
        seq=move.seq,
        at=_time(move.at),
        data=data,
    )


def telemetry(event: str, data: Mapping[str, Any]) -> bytes:
    """An event that no journal keeps: without id, cursor and sequence."""
    order, at = data.get("order"), _time(datetime.now(UTC))
    return message(event, id=None, cursor=None, order=order, seq=None, at=at, data=dict(data))


def welcome(rights: Rights) -> bytes:
    order = None if rights.order is None else str(rights.order)
    who = "admin" if rights.admin else "buyer"
    return message("welcome", **{"as": who}, order=order, expires=int(rights.expires))


def subscribed(
    key: Key, *, recovered: bool | None, cursor: Cursor | None, last: JournalMove | None, snapshot: bool
) -> bytes:
    """`recovered` is None when no cursor was given; `last` is the order's last settled move, None before its first."""
    state = (
        {"state": last.dst, "seq": last.seq, "at": _time(last.at)}
        if last
        else {"state": None, "seq": 0, "at": None}
    )
    return message(
        "subscribed",
        **named(key),
        recovered=recovered,
        cursor=cursors.write(cursor) if cursor else None,
        snapshot=state if snapshot else None,
    )


def reconnect(after: float) -> bytes:
    """The relay is about to close; come back in `after` seconds."""
    return message("reconnect", after=round(after, 3))


def named(key: Key) -> dict[str, str]:
    """A subscription's key as messages name it."""
    return {"order": str(key)} if isinstance(key, UUID) else {"topic": key}


def message(kind: str, **fields: Any) -> bytes:
    return json.dumps({"type": kind, **fields}, ensure_ascii=False, separators=(",", ":")).encode()


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
