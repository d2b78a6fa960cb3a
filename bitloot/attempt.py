"""One outgoing call as its sockets see it: when it must be over, and whether a byte may have left."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["Attempt", "attempted", "not_after", "present_attempt"]

#: The end of the right to call (monotonic clock), whatever time a call by itself would have.
_latest: ContextVar[float] = ContextVar("latest", default=math.inf)


@contextmanager
def not_after(moment: float) -> Iterator[None]:
    """No call of this thread goes out after `moment` (monotonic clock), and each that is under way ends then.

    For whoever calls under a lease: a process that stood still may wake when others have taken over long ago.
    """
    token = _latest.set(moment)
    try:
        yield
    finally:
        _latest.reset(token)


class Attempt:
    """`seconds` from now it must be over. `unsent` is true only while we know that nothing left.

    `fresh` closes the connection after the answer, whatever the other side says about keeping it.
    """

    def __init__(self, seconds: float, *, fresh: bool = False) -> None:
        self._until = min(time.monotonic() + seconds, _latest.get())
        self.fresh = fresh
        self.unsent = False  # unknown: a connection of ours says otherwise as it begins to connect

    @property
    def left(self) -> float:
        return self._until - time.monotonic()

    @property
    def over(self) -> bool:
        return self.left <= 0

    def patience(self, most: float | None) -> float:
        """Seconds that the next step may wait: `most`, or what is left. Raises TimeoutError when nothing is."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline of the call has passed")
        return left if most is None else min(left, most)


_attempt: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


@contextmanager
def attempted(attempt: Attempt) -> Iterator[None]:
    """Puts all connections that this thread uses meanwhile under `attempt`."""
    token = _attempt.set(attempt)
    try:
        yield
    finally:
        _attempt.reset(token)


def present_attempt() -> Attempt | None:
    """The attempt that this thread is at."""
    return _attempt.get()
