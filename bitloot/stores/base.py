"""Where sealed keys lie: the protocol that each store fulfils."""

from __future__ import annotations

from typing import Protocol

__all__ = ["MAX_LINK_SECONDS", "Store"]

#: Signed links to a sealed object live at most this long (seconds): DESIGN §4.
MAX_LINK_SECONDS = 900


class Store(Protocol):
    """Objects by name: `orders/<order>/<key>.sealed`, sealed bytes, or `audit/<number>.json`, anchors; no plaintext."""

    name: str

    def put_once(self, name: str, data: bytes) -> bool:
        """Stores `data` unless the name is taken; True if this call stored it. Raises Retryable or Blocked."""

    def get(self, name: str) -> bytes:
        """The object's bytes. Raises Permanent(code="object_missing"), Retryable or Blocked."""

    def exists(self, name: str) -> bool:
        """Whether the name is taken."""

    def delete(self, name: str) -> None:
        """Removes the object; nothing happens if it is not there."""

    def signed_link(self, name: str, seconds: int) -> str:
        """An address that gives the sealed object to whoever holds it, for 1…MAX_LINK_SECONDS seconds."""

    def health(self) -> None:
        """Raises unless the store answers and takes writes."""
