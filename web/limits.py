"""How much the edge takes from a stranger, and how long it waits for it: bytes and seconds."""

from __future__ import annotations

__all__ = [
    "DATABASE_SECONDS",
    "HEAD_SECONDS",
    "LINGER_SECONDS",
    "MAX_BODY",
    "MAX_FRAMED",
    "MAX_HEAD",
    "MAX_HELD",
    "NOTICE_SECONDS",
    "REQUEST_SECONDS",
    "SMALL",
    "WRITE_SECONDS",
]

MAX_HEAD = 32 * 1024

#: No request of ours is longer; NOWPayments and Kinguin send about 1 KiB.
MAX_BODY = 64 * 1024

#: A body in chunks of one byte is six times as long as what it says. What is over its own length is read, not kept.
MAX_FRAMED = 8 * MAX_BODY

#: All requests that one process keeps at a time, and the size up to which one is kept even then: four times a notice.
MAX_HELD = 64 * 1024 * 1024
SMALL = 8 * 1024

#: From the first moment of a request until its head is here, and until all of it is here.
HEAD_SECONDS = 5.0
REQUEST_SECONDS = 10.0

#: How long a client may take to read an answer.
WRITE_SECONDS = 10.0

#: How long a connection stays after our last byte, so that the client reads it before a reset (RFC 9112 §9.6).
LINGER_SECONDS = 2.0

#: All of the database's part in one request; a notice is answered within 3 s whatever happens behind it.
DATABASE_SECONDS = 8.0
NOTICE_SECONDS = 2.5
