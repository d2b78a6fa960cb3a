"""The bytes of a sealed thing and of a wrapped data key: docs/envelope.md in code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from bitloot.errors import SealBroken

__all__ = ["NONCE", "OVERHEAD", "TAG", "Sealed", "Wrapped", "bind"]

#: Sizes in bytes. A shorter tag would be easier to forge, so no other length is read.
NONCE, TAG, DATA_KEY = 12, 16, 32

_WRAP, _SEAL, _VERSION = b"BLW", b"BLS", b"\x01"

#: What sealing adds to a plaintext (bytes).
OVERHEAD = len(_SEAL + _VERSION) + NONCE + TAG


def bind(header: bytes, *names: str) -> bytes:
    """Additional data: each part behind its length as four bytes, so that no two lists of parts read alike."""
    parts = [header, *(name.encode() for name in names)]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


@dataclass(frozen=True)
class Wrapped:
    """A data key under a master key: `BLW`, version, number (4 bytes), nonce, body with tag. 68 bytes."""

    master: int
    nonce: bytes
    body: bytes = field(repr=False)

    @property
    def header(self) -> bytes:
        return _WRAP + _VERSION + self.master.to_bytes(4, "big")

    def pack(self) -> bytes:
        return self.header + self.nonce + self.body

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises SealBroken (bad_format)."""
        rest = _after(_WRAP, data)
        if len(rest) != 4 + NONCE + DATA_KEY + TAG:
            raise SealBroken("vault: a wrapped data key has the wrong length", code="bad_format")
        return cls(int.from_bytes(rest[:4], "big"), rest[4 : 4 + NONCE], rest[4 + NONCE :])


@dataclass(frozen=True)
class Sealed:
    """Content under a data key: `BLS`, version, nonce, body with tag. It names no master key: those may change."""

    nonce: bytes
    body: bytes = field(repr=False)

    header = _SEAL + _VERSION

    def pack(self) -> bytes:
        return self.header + self.nonce + self.body

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises SealBroken (bad_format)."""
        rest = _after(_SEAL, data)
        if len(rest) < NONCE + TAG:
            raise SealBroken("vault: a sealed object is cut short", code="bad_format")
        return cls(rest[:NONCE], rest[NONCE:])


def _after(magic: bytes, data: bytes) -> bytes:
    if data[:3] != magic:
        raise SealBroken("vault: these bytes are not what they should be", code="bad_format")
    if data[3:4] != _VERSION:
        raise SealBroken("vault: this version of the envelope is unknown here", code="bad_format")
    return data[4:]
