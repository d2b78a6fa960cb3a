"""Reading the audit chain: whether it is whole, and where it is not."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from bitloot.anchors import first_where, last_anchor, read_anchor
from bitloot.audit import NOTHING, AuditKeys, Entry, Link
from bitloot.stores.base import Store
from db.access import told_again
from db.access_list import AccessFacts
from db.base import rows

__all__ = [
    "EXPORTED",
    "Flaw",
    "Head",
    "Verdict",
    "chain_head",
    "exported",
    "link_of",
    "records",
    "verify_anchors",
    "verify_chain",
]

#: Records that are read at once.
BATCH = 1000

COLUMNS = "id, order_id, action, actor, outcome, address, user_agent, details, at, seq, key_number, mac"


#: The columns of an export, in their order.
EXPORTED = (
    *("seq", "at", "action", "outcome", "actor", "order_id"),
    *("address", "user_agent", "details", "key_number", "mac"),
)


@dataclass(frozen=True)
class Record(AccessFacts):
    """One row of access_records, with its link."""

    key_number: int | None
    mac: bytes | None


@dataclass(frozen=True)
class Flaw:
    """The first record that is not as it was written: by its place in the chain, or its id where it has none."""

    kind: Literal["broken", "missing", "truncated", "outside", "unknown_key"]
    record: int
    text: str


@dataclass(frozen=True)
class Head:
    seq: int
    mac: str  # hex


@dataclass(frozen=True)
class Verdict:
    checked: int
    head: Head | None
    flaw: Flaw | None


def chain_head() -> Head | None:
    found = rows("SELECT seq, mac FROM access_records WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1")
    return Head(found[0][0], bytes(found[0][1]).hex()) if found else None


def link_of(seq: int) -> str | None:
    """The link of the record at this place, in hex."""
    found = rows("SELECT mac FROM access_records WHERE seq = %s LIMIT 1", seq)
    return bytes(found[0][0]).hex() if found and found[0][0] is not None else None


def records(order_id: uuid.UUID | None = None) -> Iterator[Record]:
    """All records, or those of one order, as they were written."""
    last, where, values = 0, "", []
    if order_id is not None:
        where, values = "AND order_id = %s", [order_id]
    while found := rows(
        f"SELECT {COLUMNS} FROM access_records WHERE id > %s {where} ORDER BY id LIMIT %s",  # noqa: S608
        *(last, *values, BATCH),
    ):
        yield from map(_record, found)
        last = found[-1][0]


def exported(order_id: uuid.UUID | None = None) -> Iterator[dict[str, Any]]:
    """Records as an export writes them: EXPORTED, the link in hex."""
    for record in records(order_id):
        values = vars(record) | {"mac": (record.mac or b"").hex()}
        yield {name: values[name] for name in EXPORTED}


def verify_chain(keys: AuditKeys) -> Verdict:
    """Every link from the first to the last, by the keys alone. A chain that was cut at its end still holds here."""
    place, before = 0, NOTHING
    for record in _chained():
        flaw = _flaw(keys, before, record, place + 1)
        if flaw:
            return Verdict(place, _head(place, before), flaw)
        place, before = place + 1, record.mac or NOTHING
    return Verdict(place, _head(place, before), _outside() if place else None)


def verify_anchors(store: Store, keys: AuditKeys) -> Flaw | None:
    """Whether the chain still passes through where it once stood. Raises Malformed for an anchor that is not ours.

    An anchor that holds proves all before it, so that a few are read: the last, and where that fails, those that
    narrow down the place.
    """

    def fails(number: int) -> bool:
        anchor = read_anchor(store, keys, number)
        return link_of(anchor.seq) != anchor.mac

    last = last_anchor(store)
    if last == 0 or not fails(last):
        return None
    number = first_where(fails, 1, last)
    anchor = read_anchor(store, keys, number)
    sound = read_anchor(store, keys, number - 1).seq if number > 1 else 0
    head = chain_head()
    if head is None or head.seq < anchor.seq:
        first = head.seq + 1 if head else 1
        text = f"records {first} to {anchor.seq} are gone: anchor {number} of {anchor.at.isoformat()} knows of them"
        return Flaw("truncated", first, text)
    text = f"records behind {sound}, up to {anchor.seq}, were cut off and others put there: anchor {number} knows them"
    return Flaw("truncated", sound + 1, text)


def _chained() -> Iterator[Record]:
    """By place; also what was put at a place twice."""
    place, number = 0, 0
    while found := rows(
        f"SELECT {COLUMNS} FROM access_records WHERE (seq, id) > (%s, %s) ORDER BY seq, id LIMIT %s",  # noqa: S608
        *(place, number, BATCH),
    ):
        yield from map(_record, found)
        place, number = found[-1][9], found[-1][0]


def _flaw(keys: AuditKeys, before: bytes, record: Record, place: int) -> Flaw | None:
    seq, key = record.seq or 0, record.key_number or 0
    if seq > place:
        return Flaw("missing", place, f"record {place} is missing: the next one is {seq}")
    if key not in keys.numbers:
        return Flaw("unknown_key", place, f"record {place} needs audit key {key}, which is not in AUDIT_KEYS")
    entry = Entry(
        *(seq, str(record.order_id or ""), record.action, record.actor, record.outcome),
        *(record.address, record.user_agent, told_again(record.details), record.at),
    )
    if seq < place or not keys.holds(before, entry, Link(key, record.mac or b"")):
        return Flaw("broken", place, f"record {place} (id {record.id}) is not what was written there")
    return None


def _outside() -> Flaw | None:
    """A record without a place was written by nobody of ours since the chain began."""
    found = rows("SELECT id FROM access_records WHERE seq IS NULL OR seq < 1 ORDER BY id LIMIT 1")
    if not found:
        return None
    return Flaw("outside", found[0][0], f"the record with id {found[0][0]} stands outside the chain")


def _head(place: int, mac: bytes) -> Head | None:
    return Head(place, mac.hex()) if place else None


def _record(row: tuple[Any, ...]) -> Record:
    order = None if row[1] is None else uuid.UUID(str(row[1]))
    mac = None if row[11] is None else bytes(row[11])
    values: tuple[Any, ...] = (row[0], order, *row[2:11], mac)
    return Record(*values)
