"""A place in the journal as the text that clients keep and give back."""

from __future__ import annotations

import base64
import binascii
import struct
import uuid

from db.journal import Cursor

__all__ = ["LENGTH", "read", "write"]

_FORM = struct.Struct(">16sQQ")  # epoch, transaction id, row id

#: Characters of every cursor.
LENGTH = 43

_LAST_ID = (1 << 63) - 1  # bigint


def write(cursor: Cursor) -> str:
    packed = _FORM.pack(uuid.UUID(cursor.epoch).bytes, cursor.xid, cursor.id)
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def read(text: str) -> Cursor | None:
    """None for anything that `write` did not give."""
    if len(text) != LENGTH:
        return None
    try:
        packed = base64.b64decode(text.encode("ascii") + b"=", altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    epoch, xid, move_id = _FORM.unpack(packed)
    return Cursor(str(uuid.UUID(bytes=epoch)), xid, move_id) if move_id <= _LAST_ID else None
