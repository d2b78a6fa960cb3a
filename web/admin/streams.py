"""Answers that are written while they are read: few at a time, and none without end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from bitloot.errors import BitLootError
from web.errors import UNAVAILABLE, Problem

__all__ = ["Exports", "Place"]

log = structlog.get_logger(__name__)

#: Bytes that go to the client at once, at least.
PIECE = 64 * 1024


class Exports:
    """`at_once` of them in this process, each for `seconds` at most: whoever reads slowly keeps a thread meanwhile.
    One for each reader, so that nobody has all of them."""

    def __init__(self, *, at_once: int = 2, seconds: float = 900.0) -> None:
        self._at_once = at_once
        self._seconds = seconds
        self._readers: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def place(self, reader: str) -> Iterator[Place]:
        """For whoever prepares one: free again if that fails, otherwise when the server closes what was sent.

        Raises Problem 429.
        """
        with self._lock:
            mine = reader in self._readers
            if mine or len(self._readers) >= self._at_once:
                raise _busy(mine)
            self._readers.add(reader)
        place = Place(lambda: self._readers.discard(reader), time.monotonic() + self._seconds)
        try:
            yield place
        except BaseException:
            place.close()
            raise


def _busy(mine: bool) -> Problem:
    whose = "An export of yours is" if mine else "As many exports as may run at once are"
    headers = {"Retry-After": "30"}
    return Problem(429, "exports_busy", f"{whose} under way; try again in a while.", headers=headers)


class Place:
    """No generator: one that was never begun is never ended, and its place would be lost."""

    def __init__(self, free: Callable[[], None], until: float) -> None:
        self._pieces: Iterator[bytes] = iter(())
        self._free: Callable[[], None] | None = free
        self._until = until
        self._why: str | None = None  # it would be cut, if it ended now
        self._cut: Callable[[str], None] | None = None

    def send(self, pieces: Iterator[bytes], cut: Callable[[str], None]) -> Place:
        """`cut` is told why, if not all of `pieces` left."""
        self._pieces, self._cut, self._why = pieces, cut, "reader_left"
        return self

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """What breaks off here leaves a chunked answer without its end: the client knows that it is not whole."""
        try:
            gathered = self._gather()
        except Exception as error:
            self._why = _why(error)
            raise
        if not gathered:
            self._why = None
            raise StopIteration
        return gathered

    def _gather(self) -> bytes:
        if time.monotonic() > self._until:
            raise TimeoutError("an export took too long")
        gathered = bytearray()
        for piece in self._pieces:
            gathered += piece
            if len(gathered) >= PIECE:
                break
        return bytes(gathered)

    def close(self) -> None:
        free, self._free = self._free, None
        if free is None:
            return
        free()
        if self._why is not None and self._cut is not None:
            try:
                self._cut(self._why)
            except UNAVAILABLE as error:
                log.warning("no record tells of a cut export", why=self._why, error=type(error).__name__)


def _why(error: Exception) -> str:
    if isinstance(error, Problem):
        return str(error.document["code"])
    if isinstance(error, BitLootError):
        return error.code
    return "too_long" if isinstance(error, TimeoutError) else "failed"
