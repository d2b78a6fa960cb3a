"""What follows a commit and is no part of the answer: messages and bells, those of many requests together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from web.desk import soon

__all__ = ["Errands"]


class Errands:
    """Each message wakes the courier's thread, and each bell the ringer's, which take the processor from the loop that
    is just about to answer the next: at the desk they go when it has nothing else to do. Elsewhere they go at once.

    A process that ends before has committed what they speak of, and sweep finds it.
    """

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def add(self, *errands: Callable[[], None]) -> None:
        """None of `errands` raises or waits, or needs anything of the request's context any more."""
        self._waiting.extend(errands)
        soon(self._run)

    def _run(self) -> None:
        while self._waiting:
            try:
                errand = self._waiting.popleft()
            except IndexError:  # another thread was faster
                return
            errand()
