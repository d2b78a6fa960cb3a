"""Access records: who looked at what, or asked for it, and what came of it; each one a link of the audit chain."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from peewee import BigAutoField, BigIntegerField, BlobField, ForeignKeyField, JSONField, TextField

from bitloot.audit import NOTHING, AuditKeys, Entry, told
from db import base
from db.base import Model, in_transaction, now, rows, transaction
from db.fields import TimeField
from db.orders import Order

__all__ = ["AccessRecord", "make_durable", "record_access"]

#: What a client says of itself is cut to this (characters).
MAX_AGENT = 300

#: Any constant will do: whoever holds this lock adds the next link.
LOCK = 0xB171A0D1

#: A transaction of ours commits without waiting for the disk: else all others would wait for it one by one. No record
#: counts before `make_durable`, which waits for all of them at once (16 bytes of log, then the ordinary flush).
LOOSE = "SET LOCAL synchronous_commit = off;"
FLUSH = "SELECT pg_logical_emit_message(true, 'bitloot', '')"

#: Who acts on an order locks it first and writes the record of it last. A record that took its link first, and then
#: its order by the foreign key, would wait for that act, and all others for this record.
ORDER_FIRST = "SELECT 1 FROM orders WHERE id = %s FOR KEY SHARE;"

HEAD = (
    "SELECT pg_advisory_xact_lock(%s); SELECT head.seq, head.mac, clock_timestamp() FROM (SELECT 1) one"
    " LEFT JOIN (SELECT seq, mac FROM access_records WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1) head ON true"
)


class AccessRecord(Model):
    id = BigAutoField()
    order = ForeignKeyField(Order, null=True, backref="accesses", index=False)
    action = TextField()
    actor = TextField()
    outcome = TextField()
    address = TextField()
    user_agent = TextField()
    details = JSONField()
    at = TimeField(default=now)
    seq = BigIntegerField(null=True, unique=True)
    key_number = BigIntegerField(null=True)
    mac = BlobField(null=True)

    class Meta:
        table_name = "access_records"


def record_access(
    order_id: uuid.UUID | None,
    action: str,
    *,
    actor: str,
    outcome: str,
    address: str,
    user_agent: str,
    details: Mapping[str, Any] | None = None,
) -> int:
    """Adds one access to the chain, before whatever it permits leaves the house; returns the record's id.

    Returns when it is on disk. Inside a transaction it is part of that commit: call it last, since until then
    nobody else adds a record. Raises UnsafeSettings without AUDIT_KEYS.
    """
    said = (action, actor, outcome, address, user_agent[:MAX_AGENT], told(details or {}))
    keys = base.audit_keys()
    if in_transaction():
        return _append(keys, order_id, *said)
    with transaction():
        number = _append(keys, order_id, *said, loose=LOOSE)
    make_durable()
    return number


def make_durable() -> None:
    """Returns when whatever was committed before, by anybody, is on disk."""
    rows(FLUSH)


def _append(keys: AuditKeys, order_id: uuid.UUID | None, *said: str, loose: str = "") -> int:
    """One link behind the last. The lock ends with the commit, so that the chain has one end at any time."""
    first, about = (ORDER_FIRST, [order_id]) if order_id is not None else ("", [])
    seq, mac, at = rows(loose + first + HEAD, *about, LOCK)[0]
    before = bytes(mac) if seq else NOTHING
    if seq is None:
        seq, before = _adopt(keys)
    entry = _entry(seq + 1, order_id, said, at)
    link = keys.link(before, entry)
    added = rows(
        "INSERT INTO access_records (order_id, action, actor, outcome, address, user_agent, details, at, seq,"
        " key_number, mac) VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s) RETURNING id",
        *(order_id, *said, at, entry.seq, link.number, link.mac),
    )
    return int(added[0][0])


def _adopt(keys: AuditKeys) -> tuple[int, bytes]:
    """The chain begins: records from before it become its first links, as they are now. (last place, last link)."""
    old = rows(
        "SELECT id, order_id, action, actor, outcome, address, user_agent, details, at FROM access_records"
        " WHERE seq IS NULL ORDER BY id"
    )
    seq, before = 0, NOTHING
    for number, order_id, *said, details, at in old:
        seq += 1
        link = keys.link(before, _entry(seq, order_id, (*said, told_again(details)), at))
        before = link.mac
        rows(
            "UPDATE access_records SET seq = %s, key_number = %s, mac = %s WHERE id = %s RETURNING 1",
            *(seq, link.number, link.mac, number),
        )
    return seq, before


def _entry(seq: int, order_id: object, said: tuple[str, ...], at: datetime) -> Entry:
    action, actor, outcome, address, user_agent, details = said
    return Entry(seq, str(order_id or ""), action, actor, outcome, address, user_agent, details, at)


def told_again(details: Any) -> str:
    """As `told`, for what the database gave back, whoever wrote it."""
    return json.dumps(details, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
