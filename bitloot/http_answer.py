"""One answer of HTTP/1.1, read strictly from the pieces in which it comes (RFC 9112)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["NoAnswer", "OddFraming", "Reply", "TooLargeError", "read_answer"]

#: Bytes and lines of a head, and of what follows the last chunk.
MAX_HEAD, MAX_LINES = 64 * 1024, 100

#: Bytes of the line that tells how large a chunk is.
MAX_SIZE_LINE = 1024

_STATUS = re.compile(rb"HTTP/1\.([0-9]) +([1-9][0-9]{2})(?: [^\r\n]*)?\r?")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)\r?")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_END = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(r"[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r\n")

#: Answers that have no body, whatever they tell of one.
BODILESS = frozenset({204, 304})


class NoAnswer(Exception):
    """What came is no whole answer."""


class OddFraming(NoAnswer):
    """The answer does not say in one way where it ends: somebody between us may have read another one."""


class TooLargeError(Exception):
    """The body passed the size cap."""


@dataclass(frozen=True)
class Reply:
    """One whole answer; names of headers are lower-case, the body is decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class _Head(NamedTuple):
    status: int
    version: int  # the digit behind HTTP/1.
    headers: Mapping[str, str]  # of several with one name the last
    lengths: list[str]
    codings: list[str]
    wishes: list[str]

    @property
    def lasts(self) -> bool:
        """Whether it keeps the connection, as far as its head says."""
        told = ",".join(self.wishes).lower()
        return "close" not in told if self.version else "keep-alive" in told

    def check_framing(self) -> None:
        """Raises OddFraming where there is more than one way to read it: RFC 9112 §6.3 calls all of these errors."""
        if self.codings and (
            self.lengths or not self.version or [one.strip().lower() for one in self.codings] != ["chunked"]
        ):
            raise OddFraming("transfer coding")
        if len(self.lengths) > 1 or not all(map(_LENGTH.fullmatch, self.lengths)):
            raise OddFraming("content length")


def read_answer(receive: Callable[[], bytes], method: str, most: int) -> tuple[Reply, bool]:
    """The answer to a request by `method`, and whether the connection is good for another one.

    `receive` gives the next piece, empty at the end. Raises NoAnswer, OddFraming, TooLargeError (a body of over `most`
    bytes, packed or unpacked), zlib.error, and whatever `receive` raises.
    """
    return _Reader(receive).answer(method, most)


class _Reader:
    """What came and is not used yet."""

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self._receive = receive
        self._buffer = bytearray()

    def answer(self, method: str, most: int) -> tuple[Reply, bool]:
        head = self._head()
        while head.status == 100:
            head = self._head()
        head.check_framing()
        body, lasts = self._body(head, method, most)
        # Behind an interim answer (102, 103) the real one still comes; what nobody asked for is no answer to the next.
        lasts = lasts and head.lasts and head.status >= 200 and not self._buffer
        return Reply(head.status, head.headers, _unpacked(body, head.headers, most)), lasts

    def _head(self) -> _Head:
        searched = 0
        while (end := _END.search(self._buffer, searched)) is None:
            if len(self._buffer) > MAX_HEAD:
                raise NoAnswer("a head too long")
            searched = max(len(self._buffer) - 3, 0)
            self._more()
        text = bytes(self._buffer[: end.start()])
        del self._buffer[: end.end()]
        return _parsed(text)

    def _body(self, head: _Head, method: str, most: int) -> tuple[bytes, bool]:
        """As it came, and whether its end was seen without the connection's."""
        if method == "HEAD":
            return b"", True
        if head.status in BODILESS or head.status < 200:
            return b"", not (head.lengths or head.codings)  # what was told of may come
        if head.codings:
            return self._chunks(most)
        if head.lengths:
            return self._exactly(_within(int(head.lengths[0]), most)), True
        return self._to_the_end(most), False

    def _to_the_end(self, most: int) -> bytes:
        """What comes until the connection ends."""
        while piece := self._receive():
            self._buffer += piece
            _within(len(self._buffer), most)
        return self._exactly(_within(len(self._buffer), most))

    def _chunks(self, most: int) -> tuple[bytes, bool]:
        body = bytearray()
        while size := self._chunk_size():
            _within(len(body) + size, most)
            body += self._exactly(size)
            if self._exactly(2) != b"\r\n":
                raise OddFraming("chunk end")
        return bytes(body), self._trailers()

    def _chunk_size(self) -> int:
        line = _CHUNK_SIZE.fullmatch(self._line(MAX_SIZE_LINE))
        if line is None:
            raise OddFraming("chunk size")
        return int(line[1], 16)

    def _trailers(self) -> bool:
        """Passes over them; whether they ended before the connection did."""
        try:
            for _ in range(MAX_LINES):
                if self._line(MAX_HEAD) in (b"\r\n", b"\n"):
                    return True
        except NoAnswer:
            return False  # the last chunk was here
        raise OddFraming("trailers")

    def _line(self, most: int) -> bytes:
        """With its end."""
        while (end := self._buffer.find(b"\n")) < 0 and len(self._buffer) < most:
            self._more()
        return self._exactly(end + 1 if end >= 0 else most)

    def _exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._more()
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _more(self) -> None:
        piece = self._receive()
        if not piece:
            raise NoAnswer("it ends too early")
        self._buffer += piece


def _parsed(text: bytes) -> _Head:
    """Raises NoAnswer for what is no HTTP/1."""
    first, *lines = text.split(b"\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise NoAnswer("no status line")
    if len(lines) > MAX_LINES:
        raise NoAnswer("too many headers")
    if b"\n " in text or b"\n\t" in text:
        lines = _FOLD.sub(b" ", b"\n".join(lines)).split(b"\n")
    headers: dict[str, str] = {}
    framing: dict[str, list[str]] = {"content-length": [], "transfer-encoding": [], "connection": []}
    for line in lines:
        found = _HEADER.fullmatch(line)
        if found is None:
            raise OddFraming("header")
        name, value = found[1].decode("ascii").lower(), found[2].decode("latin-1").strip(" \t")
        headers[name] = value
        if name in framing:
            framing[name].append(value)
    return _Head(int(status[2]), int(status[1]), headers, *framing.values())


def _within(count: int, most: int) -> int:
    if count > most:
        raise TooLargeError
    return count


def _unpacked(body: bytes, headers: Mapping[str, str], most: int) -> bytes:
    """Never more than `most` bytes come out of the decompressor."""
    if headers.get("content-encoding", "").strip().lower() != "gzip" or not body:
        return body
    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS)
    whole = unpack.decompress(body, most + 1)
    _within(len(whole), most)
    if not unpack.eof:
        raise zlib.error("the packed body ends too early")
    if unpack.unused_data:
        raise zlib.error("something lies behind the packed body")
    return whole
