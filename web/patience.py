"""Calls that may hang, on threads that neither a request nor the end of the process waits for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import TypeVar

__all__ = ["Patience", "TooSlow"]

T = TypeVar("T")


class TooSlow(Exception):  # it is an answer, not a fault
    """The call did not come back in time, or as many as may hang already do."""


class Patience:
    """Waits for a call for `seconds` at most; never has more than `at_once` of them under way."""

    def __init__(self, *, at_once: int, seconds: float) -> None:
        self._free = threading.Semaphore(at_once)
        self._seconds = seconds

    def ask(self, call: Callable[[], T]) -> T:
        """What the call returns or raises. Raises TooSlow; the call goes on by itself then."""
        if not self._free.acquire(blocking=False):
            raise TooSlow
        answers: queue.SimpleQueue[tuple[bool, T | BaseException]] = queue.SimpleQueue()
        threading.Thread(target=self._run, args=(call, answers), name="patience", daemon=True).start()
        try:
            good, found = answers.get(timeout=self._seconds)
        except queue.Empty:
            raise TooSlow from None
        if good:
            return found  # type: ignore[return-value]
        raise found  # type: ignore[misc]

    def _run(self, call: Callable[[], T], answers: queue.SimpleQueue[tuple[bool, T | BaseException]]) -> None:
        try:
            answers.put((True, call()))
        except BaseException as error:  # handed to whoever asked
            answers.put((False, error))
        finally:
            self._free.release()
