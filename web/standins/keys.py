"""The keys that the stand-ins hand out: text from the system's randomness, or a picture that carries it."""

from __future__ import annotations

import secrets
import struct
import zlib
from base64 import b64encode
from dataclasses import dataclass, field

from web.standins.ledger import fingerprint

__all__ = ["SoldKey", "as_picture", "made_equal", "make_key"]

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass
class SoldKey:
    """One key at a supplier. `serial` is the text, or base64 of the picture (PROVIDERS.md §1.5)."""

    id: str  # 24 hex digits
    media_type: str  # text/plain or image/png
    content: bytes = field(repr=False)
    serial: str = field(repr=False)
    status: str = "PROCESSING"

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.content)


def make_key(*, canary: bool, picture: bool) -> SoldKey:
    """A canary (`BLKEY-<32 hex>`) can be searched for in places where no key may ever be."""
    groups = ("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(3))
    text = f"BLKEY-{secrets.token_hex(16)}" if canary else "-".join(groups)
    identity = secrets.token_hex(12)
    if picture:
        content = _picture(text)
        return SoldKey(identity, "image/png", content, b64encode(content).decode())
    return SoldKey(identity, "text/plain", text.encode(), text)


def _picture(text: str) -> bytes:
    """A valid one-pixel PNG; the key stands in its comment."""
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        (b"tEXt", b"Comment\0" + text.encode()),
        (b"IDAT", zlib.compress(b"\0\xff")),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def made_equal(key: SoldKey, other: SoldKey) -> None:
    """Gives it the other's content; the id stays its own."""
    key.media_type, key.content, key.serial = other.media_type, other.content, other.serial


def as_picture(key: SoldKey) -> None:
    """Shows the same text in a picture."""
    if key.media_type == "text/plain":
        content = _picture(key.serial)
        key.media_type, key.content, key.serial = "image/png", content, b64encode(content).decode()
