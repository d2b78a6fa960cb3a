"""Anchors: where the audit chain stood, kept in the object store, which a database's owner cannot rewrite."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bitloot.audit import AuditKeys
from bitloot.errors import Malformed
from bitloot.stores.base import Store

__all__ = ["Anchor", "first_where", "last_anchor", "read_anchor", "write_anchor"]


@dataclass(frozen=True)
class Anchor:
    """`number` counts anchors from 1 without a gap; the chain's record `seq` had the link `mac` (hex) by then."""

    number: int
    seq: int
    mac: str
    at: datetime


def write_anchor(store: Store, keys: AuditKeys, anchor: Anchor) -> bool:
    """False where another clock wrote the anchor of this number. Raises as the store does."""
    content = {
        "version": 1,
        "number": anchor.number,
        "seq": anchor.seq,
        "mac": anchor.mac,
        "at": anchor.at.isoformat(),
        "key": keys.newest,
    }
    signed = content | {"signature": keys.sign_anchor(keys.newest, _bytes(content)).hex()}
    return store.put_once(_name(anchor.number), _bytes(signed))


def read_anchor(store: Store, keys: AuditKeys, number: int) -> Anchor:
    """Raises Malformed (bad_anchor) for one that is not ours, and as the store does."""
    try:
        content = json.loads(store.get(_name(number)))
        signature = bytes.fromhex(content.pop("signature"))
        known = content["key"] in keys.numbers and content["number"] == number
        if known and hmac.compare_digest(keys.sign_anchor(content["key"], _bytes(content)), signature):
            return Anchor(number, content["seq"], content["mac"], datetime.fromisoformat(content["at"]))
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise Malformed(f"anchor {number} is not one that was written here", code="bad_anchor")


def last_anchor(store: Store) -> int:
    """The highest number of an anchor, 0 if there is none: some twenty questions, however many there are."""
    high = 1
    while store.exists(_name(high)):
        high *= 2
    return first_where(lambda number: not store.exists(_name(number)), high // 2 + 1, high) - 1


def first_where(true_of: Callable[[int], bool], low: int, high: int) -> int:
    """The first number for which it is true; it must be true of `high` and of all between."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if true_of(middle) else (middle + 1, high)
    return high


def _name(number: int) -> str:
    return f"audit/{number:010d}.json"


def _bytes(content: dict[str, object]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
