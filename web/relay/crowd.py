"""How many are in, in all and from where, and how many of them have not said yet who they are."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum

from web.relay.limits import Limits

__all__ = ["Crowd", "Refused"]


class Refused(StrEnum):
    """Why one more is not let in."""

    FULL = "full"
    STRANGERS = "strangers"
    ADDRESS = "address"


class Crowd:
    """Counts connections from their handshake to their end, each by a key of its own."""

    def __init__(self, limits: Limits, room: int) -> None:
        self._limits = limits
        self._room = room
        self._from: dict[object, str] = {}
        self._by_address: Counter[str] = Counter()
        self._strangers: set[object] = set()

    def enter(self, key: object, address: str) -> Refused | None:
        """Takes one more in, as a stranger; else says why not."""
        if len(self._from) >= self._room:
            return Refused.FULL
        if len(self._strangers) >= self._limits.strangers:
            return Refused.STRANGERS
        if self._by_address[address] >= self._limits.per_address:
            return Refused.ADDRESS
        self._from[key] = address
        self._by_address[address] += 1
        self._strangers.add(key)
        return None

    def recognise(self, key: object) -> None:
        """It has shown a token that holds."""
        self._strangers.discard(key)

    def leave(self, key: object) -> None:
        """Also for one that was never let in."""
        self._strangers.discard(key)
        address = self._from.pop(key, None)
        if address is not None:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]
