"""Tells when a request has arrived whole. Decides nothing else: gunicorn's parser judges what arrived."""

from __future__ import annotations

import re
from enum import Enum

from web.limits import MAX_BODY, MAX_FRAMED, MAX_HEAD

__all__ = ["Framing", "Verdict"]

_LENGTH = re.compile(rb"[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")

#: A line with the size of a chunk; extensions are legal and nobody sends them.
MAX_SIZE_LINE = 256


class Verdict(Enum):
    MORE = "more"
    WHOLE = "whole"  # or nothing that waiting could make clearer: for the parser to judge
    HEAD_TOO_LARGE = "head_too_large"
    BODY_TOO_LARGE = "body_too_large"


class Framing:
    """One request as its bytes come in. After the last verdict, `data` holds all of them, and perhaps of the next."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.has_head = False
        self.expects_continue = False
        self._end: int | None = None  # where the request ends, if its head says so
        self._at = 0  # chunked: what lies before this has been understood
        self._skip = 0  # chunked: bytes of the current chunk and its line end that are still to come
        self._body = 0  # chunked: bytes that the chunks so far announced
        self._last = False  # chunked: only trailers are left

    def feed(self, piece: bytes) -> Verdict:
        """Adds what came and says whether to wait for more."""
        searched = max(0, len(self.data) - 3)
        self.data += piece
        if not self.has_head:
            end = self.data.find(b"\r\n\r\n", searched)
            if end < 0:
                return Verdict.HEAD_TOO_LARGE if len(self.data) > MAX_HEAD else Verdict.MORE
            if end > MAX_HEAD:
                return Verdict.HEAD_TOO_LARGE
            self.has_head = True
            self._at = end + 4
            self._read_head(bytes(self.data[:end]))
        if self._end is None:
            return self._scan_chunks()
        if self._end - self._at > MAX_BODY:
            return Verdict.BODY_TOO_LARGE
        return Verdict.WHOLE if len(self.data) >= self._end else Verdict.MORE

    def _read_head(self, head: bytes) -> None:
        """Finds out how the body is framed. What is odd ends with the head: the parser refuses it."""
        lengths: list[bytes] = []
        codings: list[bytes] = []
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            match name.strip().lower():
                case b"content-length":
                    lengths.append(value.strip())
                case b"transfer-encoding":
                    codings.append(value.strip().lower())
                case b"expect":
                    self.expects_continue = value.strip().lower() == b"100-continue"
        if codings == [b"chunked"] and not lengths:
            return
        self._end = self._at
        if len(lengths) == 1 and not codings and _LENGTH.fullmatch(lengths[0]):
            self._end += int(lengths[0])

    def _scan_chunks(self) -> Verdict:
        while not self._last:
            step = min(self._skip, len(self.data) - self._at)
            self._at += step
            self._skip -= step
            if self._skip:
                return Verdict.MORE
            verdict = self._read_size()
            if verdict is not None:
                return verdict
        if self.data[self._at : self._at + 2] == b"\r\n" or self.data.find(b"\r\n\r\n", self._at) >= 0:
            return Verdict.WHOLE
        return Verdict.HEAD_TOO_LARGE if len(self.data) - self._at > MAX_HEAD else Verdict.MORE

    def _read_size(self) -> Verdict | None:
        """Passes one line with a size; None if there is one and the scan goes on."""
        end = self.data.find(b"\r\n", self._at)
        if end < 0 and len(self.data) - self._at <= MAX_SIZE_LINE:
            return Verdict.MORE
        size = bytes(self.data[self._at : max(end, self._at)]).partition(b";")[0].rstrip(b" \t")
        if not _CHUNK_SIZE.fullmatch(size):
            return Verdict.WHOLE
        self._at = end + 2
        self._skip = int(size, 16)
        self._body += self._skip
        if self._body > MAX_BODY or len(self.data) > MAX_HEAD + MAX_FRAMED:
            return Verdict.BODY_TOO_LARGE
        self._last = self._skip == 0
        self._skip += 0 if self._last else 2
        return None
