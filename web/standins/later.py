"""Things that happen a moment later: one timer thread, a few hands that do the work."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count

__all__ = ["Later"]

_log = logging.getLogger(__name__)
_HANDS = 32


class Later:
    """Runs `what` after so many seconds on one of a few threads; forgets all that is left on close."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = count()
        self._wake = threading.Condition()
        self._running = 0
        self._closed = False
        self._hands = ThreadPoolExecutor(_HANDS, thread_name_prefix="standins")
        self._timer = threading.Thread(target=self._watch, name="standins-timer", daemon=True)
        self._timer.start()

    def call(self, seconds: float, what: Callable[[], object]) -> None:
        with self._wake:
            if not self._closed:
                heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), what))
                self._wake.notify_all()

    def pending(self) -> int:
        """How much is still to come or in somebody's hands."""
        with self._wake:
            return len(self._due) + self._running

    def forget(self) -> None:
        """Drops what has not begun."""
        with self._wake:
            self._due.clear()

    def close(self) -> None:
        with self._wake:
            self._closed = True
            self._due.clear()
            self._wake.notify_all()
        self._timer.join()
        self._hands.shutdown(wait=True, cancel_futures=True)

    def _watch(self) -> None:
        while (what := self._next()) is not None:
            self._hands.submit(self._run, what)

    def _next(self) -> Callable[[], object] | None:
        with self._wake:
            while not self._closed:
                left = self._due[0][0] - time.monotonic() if self._due else None
                if left is not None and left <= 0:
                    self._running += 1
                    return heapq.heappop(self._due)[2]
                self._wake.wait(left)
        return None

    def _run(self, what: Callable[[], object]) -> None:
        try:
            what()
        except Exception:
            _log.exception("a stand-in could not finish what it had begun")
        finally:
            with self._wake:
                self._running -= 1
