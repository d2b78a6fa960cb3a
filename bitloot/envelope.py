"""The bytes of a sealed thing and of a wrapped data key: docs/envelope.md in code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from bitloot.errors import SealBroken

__all__ = [
    "DATA_KEY",
    "DERIVED",
    "DIRECT",
    "LOCAL",
    "MAX_BODY",
    "NONCE",
    "OVERHEAD",
    "SERVICE",
    "TAG",
    "Sealed",
    "Wrapped",
    "bind",
]

#: Sizes in bytes. A shorter tag would be easier to forge, so no other length is read.
NONCE, TAG, DATA_KEY = 12, 16, 32

#: A key service may give more than the key itself, but not without end (bytes).
MAX_BODY = 8192

_WRAP, _SEAL = b"BLW", b"BLS"

#: Versions of a wrapped data key: by a master key of ours, or by a key service in its own format.
LOCAL, SERVICE = b"\x01", b"\x02"

#: Versions of a sealed object: under the data key itself, or under a key of its own that is derived from it.
DIRECT, DERIVED = b"\x01", b"\x02"

#: What sealing adds to a plaintext (bytes).
OVERHEAD = len(_SEAL + DERIVED) + NONCE + TAG


def bind(header: bytes, *names: str) -> bytes:
    """Additional data: each part behind its length as four bytes, so that no two lists of parts read alike."""
    bound = len(header).to_bytes(4, "big") + header
    for name in names:
        part = name.encode()
        bound += len(part).to_bytes(4, "big") + part
    return bound


@dataclass(frozen=True)
class Wrapped:
    """A data key under a master key: `BLW`, version, number (4 bytes), body.

    In version 1 the body is nonce, ciphertext and tag, 68 bytes in all; in version 2 it is the key service's own.
    """

    master: int
    body: bytes = field(repr=False)
    version: bytes = LOCAL

    @property
    def header(self) -> bytes:
        return _WRAP + self.version + self.master.to_bytes(4, "big")

    def pack(self) -> bytes:
        return self.header + self.body

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises SealBroken (bad_format)."""
        version, rest = _after(_WRAP, data, LOCAL, SERVICE)
        size = len(rest) - 4
        if not (size == NONCE + DATA_KEY + TAG if version == LOCAL else 0 < size <= MAX_BODY):
            raise SealBroken("vault: a wrapped data key has the wrong length", code="bad_format")
        return cls(int.from_bytes(rest[:4], "big"), rest[4:], version)


@dataclass(frozen=True)
class Sealed:
    """One content: `BLS`, version, nonce, body with tag. It names no master key: those may change.

    Version 2 is sealed under a key that opens this one thing. Version 1 is read, and no longer written.
    """

    nonce: bytes
    body: bytes = field(repr=False)
    version: bytes = DERIVED

    @property
    def header(self) -> bytes:
        return _SEAL + self.version

    def pack(self) -> bytes:
        return self.header + self.nonce + self.body

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises SealBroken (bad_format)."""
        version, rest = _after(_SEAL, data, DIRECT, DERIVED)
        if len(rest) < NONCE + TAG:
            raise SealBroken("vault: a sealed object is cut short", code="bad_format")
        return cls(rest[:NONCE], rest[NONCE:], version)


def _after(magic: bytes, data: bytes, *versions: bytes) -> tuple[bytes, bytes]:
    """(version, what comes behind it)."""
    if data[:3] != magic:
        raise SealBroken("vault: these bytes are not what they should be", code="bad_format")
    if data[3:4] not in versions:
        raise SealBroken("vault: this version of the envelope is unknown here", code="bad_format")
    return data[3:4], data[4:]
