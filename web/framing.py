"""Tells when a request has arrived whole, and refuses one that tells its length in two ways, or in none we know.
Decides nothing else: gunicorn's parser judges what arrived."""

from __future__ import annotations

import re
from enum import Enum

from web.limits import MAX_BODY, MAX_FRAMED, MAX_HEAD

__all__ = ["TELLING", "Framing", "Verdict"]

_LENGTH = re.compile(rb"[0-9]{1,18}")

#: The lines of a head that say how long the request is, or that its sender waits; whether they are well formed is for
#: the parser. Possessive, and no part of it goes on to another line: the next look begins there, and would go through
#: the same again.
TELLING = re.compile(
    rb"\r\n(?:[ \t\n\v\f]|\r(?!\n))*+(content-length|transfer-encoding|expect)(?:[ \t\n\v\f]|\r(?!\n))*+"
    rb":((?:[^\r]|\r(?!\n))*+)",
    re.IGNORECASE,
)

#: A line with the size of a chunk, perhaps after the line end of the chunk before. Extensions (RFC 9112 §7.1.1) are
#: legal and nobody sends them; whatever else a line says is for the parser.
_SIZE_LINE = re.compile(
    rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+"
    rb"(?:[ \t]*=[ \t]*(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|\"[^\"\\\x00-\x08\x0a-\x1f\x7f]*\"))?)*\r\n"
)
MAX_SIZE_LINE = 256


class Verdict(Enum):
    MORE = "more"
    WHOLE = "whole"  # or nothing that waiting could make clearer: for the parser to judge
    HEAD_TOO_LARGE = "head_too_large"
    BODY_TOO_LARGE = "body_too_large"
    AMBIGUOUS = "ambiguous"  # a proxy before us may have read another request


class Framing:
    """One request as its bytes come in. After the last verdict, `data` holds it, and perhaps the start of the next.

    Chunks are joined as they come: what is kept, and what the parser has to go through, is as long as the body and not
    as its framing. A body in chunks of one byte would cost it half a minute.
    """

    def __init__(self) -> None:
        self.has_head = False
        self.expects_continue = False
        self._head = (
            bytearray()
        )  # all there is until the head ends; then the head, and what its length announced
        self._end: int | None = None  # where the request ends, if its head says so
        self._body = bytearray()  # chunked: what the chunks so far held
        self._rest = (
            bytearray()
        )  # chunked: what is not understood yet, from the line end of the last chunk on
        self._left = 0  # chunked: bytes of the current chunk that are still to come
        self._framed = 0  # chunked: bytes that came after the head
        self._last = False  # chunked: only trailers are left

    @property
    def held(self) -> int:
        """Bytes that are kept: at most those that came."""
        return len(self._head) + len(self._body) + len(self._rest)

    @property
    def data(self) -> bytes:
        """The request, with one chunk for all that were passed."""
        size = b"%x\r\n" % len(self._body) if self._body else b""
        return b"".join((self._head, size, self._body, self._rest))

    def feed(self, piece: bytes) -> Verdict:
        """Adds what came and says whether to wait for more."""
        if self.has_head and self._end is None:
            return self._feed_chunks(piece)
        searched = max(0, len(self._head) - 3)
        self._head += piece
        if not self.has_head:
            end = self._head.find(b"\r\n\r\n", searched)
            if end > MAX_HEAD or (end < 0 and len(self._head) > MAX_HEAD):
                return Verdict.HEAD_TOO_LARGE
            if end < 0:
                return Verdict.MORE
            self.has_head = True
            length = self._read_head(bytes(self._head[:end]))
            if isinstance(length, Verdict):
                return length
            if length is None:
                piece = bytes(self._head[end + 4 :])
                del self._head[end + 4 :]
                return self._feed_chunks(piece)
            if length > MAX_BODY:
                return Verdict.BODY_TOO_LARGE
            self._end = end + 4 + length
        return Verdict.WHOLE if len(self._head) >= (self._end or 0) else Verdict.MORE

    def _read_head(self, head: bytes) -> int | Verdict | None:
        """The length of the body, None if it comes in chunks, or the verdict on a head that leaves it open.

        gunicorn would read a body in stacked codings (`identity, chunked`) that we did not wait for, and would take
        what comes later for the next request.
        """
        lengths: list[bytes] = []
        codings: list[bytes] = []
        for name, value in TELLING.findall(head):
            match name.lower():
                case b"content-length":
                    lengths.append(value.strip())
                case b"transfer-encoding":
                    codings.append(value.strip().lower())
                case b"expect":
                    self.expects_continue = value.strip().lower() == b"100-continue"
        if codings:
            return None if codings == [b"chunked"] and not lengths else Verdict.AMBIGUOUS
        if not lengths:
            return 0
        return int(lengths[0]) if len(lengths) == 1 and _LENGTH.fullmatch(lengths[0]) else Verdict.AMBIGUOUS

    def _feed_chunks(self, piece: bytes) -> Verdict:
        self._framed += len(piece)
        self._rest += piece
        if not self._last:
            verdict = self._join_chunks()
            if verdict is not None:
                return verdict
        if self._framed > MAX_FRAMED:
            return Verdict.BODY_TOO_LARGE
        trailers = self._rest.index(b"\r\n", 2 if self._body else 0) + 2  # behind the line that says 0
        if self._rest.startswith(b"\r\n", trailers) or self._rest.find(b"\r\n\r\n", trailers) >= 0:
            return Verdict.WHOLE
        return Verdict.HEAD_TOO_LARGE if len(self._rest) > MAX_HEAD else Verdict.MORE

    def _join_chunks(self) -> Verdict | None:
        """Takes the chunks that came out of `_rest`; None once the last of them, which holds nothing, is in sight."""
        rest, at = self._rest, 0
        verdict: Verdict | None = Verdict.MORE
        while True:
            taken = min(self._left, len(rest) - at)
            self._body += rest[at : at + taken]
            at += taken
            self._left -= taken
            if self._left:
                break
            line = self._size_line(rest, at)
            if isinstance(line, Verdict):
                verdict = line
                break
            size, after = line
            if size == 0:
                self._last, verdict = True, None
                break
            if len(self._body) + size > MAX_BODY or self._framed > MAX_FRAMED:
                return Verdict.BODY_TOO_LARGE
            self._left, at = size, after
        del rest[:at]
        return verdict

    def _size_line(self, rest: bytearray, at: int) -> tuple[int, int] | Verdict:
        """(the size that the line says, where its chunk begins), or the verdict where there is no such line."""
        begin = at
        if self._body:  # the chunk before must end its line
            if rest[at : at + 2] != b"\r\n"[: len(rest) - at]:
                return Verdict.WHOLE
            begin = at + 2
        line = _SIZE_LINE.match(rest, begin)
        if line is not None and line.end() - begin <= MAX_SIZE_LINE:
            return int(line[1], 16), line.end()
        whole_line = rest.find(b"\r\n", begin, begin + MAX_SIZE_LINE) >= 0
        return Verdict.WHOLE if whole_line or len(rest) - begin > MAX_SIZE_LINE else Verdict.MORE
