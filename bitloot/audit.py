"""The audit chain: each access record bound to the one before, by keys that the database never sees."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn, Self

from bitloot.envelope import bind
from bitloot.errors import UnsafeSettings
from bitloot.master_keys import parse_master_keys

if TYPE_CHECKING:
    from bitloot.settings import Settings

__all__ = ["AuditKeys", "Entry", "Link", "derived", "read_audit_keys", "told"]

#: What the first record is bound to.
NOTHING = b""


@dataclass(frozen=True)
class Entry:
    """What a record says, all of which its link binds."""

    seq: int  # its place in the chain, from 1 without a gap
    order_id: str  # empty where it is about no order
    action: str
    actor: str
    outcome: str
    address: str
    user_agent: str
    details: str  # as `told` writes them
    at: datetime


@dataclass(frozen=True)
class Link:
    """The number of the audit key, and the HMAC-SHA256 (32 bytes) by it."""

    number: int
    mac: bytes


class AuditKeys:
    """Audit keys by number: the first of them links, all of them check. Safe to share between threads."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        if not keys:
            raise UnsafeSettings(["AUDIT_KEYS is missing: nothing may be shown that cannot be recorded."])
        self._chain = {number: derived(key, "audit") for number, key in keys.items()}
        self._anchor = {number: derived(key, "anchor") for number, key in keys.items()}
        self.newest = next(iter(keys))
        self.numbers = frozenset(keys)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Raises UnsafeSettings."""
        return cls(read_audit_keys(settings))

    def link(self, before: bytes, entry: Entry) -> Link:
        """Binds the entry to the link before it, NOTHING for the first."""
        return Link(self.newest, self._mac(self.newest, before, entry))

    def holds(self, before: bytes, entry: Entry, link: Link) -> bool:
        """Whether this link was made for this entry behind `before`. A number that is not held here never holds."""
        if link.number not in self._chain:
            return False
        return hmac.compare_digest(self._mac(link.number, before, entry), link.mac)

    def sign_anchor(self, number: int, content: bytes) -> bytes:
        return hmac.digest(self._anchor[number], content, "sha256")

    def _mac(self, number: int, before: bytes, entry: Entry) -> bytes:
        bound = bind(
            b"BLA\x01",
            *(str(number), str(entry.seq), before.hex(), entry.order_id, entry.action, entry.actor),
            *(entry.outcome, entry.address, entry.user_agent, entry.details),
            entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        )
        return hmac.digest(self._chain[number], bound, "sha256")

    def __repr__(self) -> str:
        return f"AuditKeys({', '.join(map(str, self._chain))})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("audit keys are neither pickled nor copied")


def read_audit_keys(settings: Settings) -> Mapping[int, bytes]:
    """The audit keys by number, the first of them in use. Raises UnsafeSettings."""
    try:
        return parse_master_keys(settings.audit_keys.get_secret_value(), "AUDIT_KEYS")
    except ValueError as error:
        raise UnsafeSettings([f"AUDIT_KEYS cannot be read: {error}."]) from None


def derived(key: bytes, purpose: str) -> bytes:
    """32 bytes for one purpose: no signature for one of them is ever one for another."""
    return hmac.digest(key, f"bitloot/{purpose}/1".encode(), "sha256")


def told(details: Mapping[str, Any]) -> str:
    """Details as text that reads the same after the database had them. Fractions become text."""
    return json.dumps(_plain(details), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    """The same; `1e2` and `100` are one number to a database and two texts here."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int):
        return value
    return str(value)
