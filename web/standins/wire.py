"""How an answer leaves: whole, cut off, or one byte at a time."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Wire"]

#: Seconds that the first half of a body gets on its way; a reset overtakes what was not sent yet.
_HEAD_START = 0.05


class _Writer(Protocol):
    def write(self, data: bytes, /) -> object: ...


@dataclass
class Wire:
    """`end` is rst, fin or nothing; `cut` says where (before the headers, in the body); `pace` seconds per byte."""

    end: str = ""
    cut: str = "headers"
    pace: float = 0.0

    def send(self, writer: _Writer, answer: bytes) -> bool:
        """Whether the connection may go on."""
        if self.end:
            head = answer.index(b"\r\n\r\n") + 4
            self._write(writer, answer[: (head + len(answer)) // 2] if self.cut == "body" else b"")
        else:
            self._write(writer, answer)
        return not self.end

    def finish(self, connection: socket.socket) -> None:
        """After `rst` a reset, as from a machine that died; after `fin` the polite end that closing is anyway."""
        if self.end == "rst":
            time.sleep(_HEAD_START if self.cut == "body" else 0)
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()

    def _write(self, writer: _Writer, data: bytes) -> None:
        if not self.pace:
            writer.write(data)
            return
        for place in range(len(data)):
            writer.write(data[place : place + 1])
            time.sleep(self.pace)
