"""Answers that are written while they are read: few at a time, and none without end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from web.errors import Problem

__all__ = ["Exports", "Place"]

#: Bytes that go to the client at once, at least.
PIECE = 64 * 1024


class Exports:
    """`at_once` of them in this process, each for `seconds` at most: whoever reads slowly keeps a thread meanwhile."""

    def __init__(self, *, at_once: int = 2, seconds: float = 900.0) -> None:
        self._free = threading.Semaphore(at_once)
        self._seconds = seconds

    @contextmanager
    def place(self) -> Iterator[Place]:
        """For whoever prepares one: free again if that fails, otherwise when the server closes what was sent.

        Raises Problem 429.
        """
        if not self._free.acquire(blocking=False):
            detail = "As many exports as may run at once are under way; try again in a while."
            raise Problem(429, "exports_busy", detail, headers={"Retry-After": "30"})
        place = Place(self._free, time.monotonic() + self._seconds)
        try:
            yield place
        except BaseException:
            place.close()
            raise


class Place:
    """No generator: one that was never begun is never ended, and its place would be lost."""

    def __init__(self, free: threading.Semaphore, until: float) -> None:
        self._pieces: Iterator[bytes] = iter(())
        self._free: threading.Semaphore | None = free
        self._until = until

    def send(self, pieces: Iterator[bytes]) -> Place:
        self._pieces = pieces
        return self

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """What breaks off here leaves a chunked answer without its end: the client knows that it is not whole."""
        if time.monotonic() > self._until:
            raise TimeoutError("an export took too long")
        gathered = bytearray()
        for piece in self._pieces:
            gathered += piece
            if len(gathered) >= PIECE:
                break
        if not gathered:
            raise StopIteration
        return bytes(gathered)

    def close(self) -> None:
        free, self._free = self._free, None
        if free is not None:
            free.release()
