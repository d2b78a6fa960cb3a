"""Serves notices on the worker's own loop: a request stands still during its commit, and no thread waits for it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from greenlet import getcurrent, greenlet

__all__ = ["Desk", "Elsewhere", "Sleeper", "at_the_desk", "sleeper", "soon"]


#: How long (seconds) a busy loop goes on reading before it does what was asked of it for soon.
PATIENCE = 0.02


class Elsewhere(BaseException):
    """What a request is about to do would stop the loop for all: it is to be served anew, by a thread.

    No Exception, so that nobody answers it on the way. Raised before the first thing that has an effect.
    """


class Sleeper(Protocol):
    """Somebody who waits for another thread."""

    def wait(self, seconds: float) -> bool:
        """Whether the word came; at the desk it is waited for without end."""

    def wake(self) -> None:
        """From any thread, once."""


class Desk:
    """`call` runs something in the loop's thread soon, and may be called from any thread. `has_more`: whether the loop
    has found other things to do by now. After each of its rounds it calls `end_round`."""

    def __init__(
        self, call: Callable[[Callable[[], None]], None], has_more: Callable[[], bool] = lambda: False
    ) -> None:
        self._call = call
        self._has_more = has_more
        self._awake: deque[_Visit] = deque()
        self._called = False
        self._soon: list[Callable[[], None]] = []
        self._soon_by = 0.0  # monotonic clock

    def serve(self, work: Callable[[], None], done: Callable[[], None]) -> None:
        """Runs `work` until it has ended or stands still, and `done` when it has ended. What `work` raises is raised in
        the loop."""
        self._go_on(_Visit(self, work, done))

    def wake(self, visit: _Visit) -> None:
        """Those who are woken together cost the loop one call."""
        self._awake.append(visit)
        if not self._called:
            self._called = True
            self._call(self._resume)

    def soon(self, work: Callable[[], None]) -> None:
        """Runs `work` when the loop has nothing else to do, or after PATIENCE; once, however many visits ask for it."""
        if not self._soon:
            self._soon_by = time.monotonic() + PATIENCE
        if work not in self._soon:
            self._soon.append(work)

    @property
    def has_work(self) -> bool:
        """Whether something was put off until the loop has read on: it must not stop before."""
        return bool(self._soon)

    def end_round(self) -> None:
        """What was asked for soon, if the loop has nothing else to do or has put it off long enough."""
        if not self._soon or (self._has_more() and time.monotonic() < self._soon_by):
            return
        works, self._soon = self._soon, []
        for work in works:
            work()

    def _resume(self) -> None:
        self._called = False  # first: whoever comes now calls again
        while self._awake:
            self._go_on(self._awake.popleft())

    @staticmethod
    def _go_on(visit: _Visit) -> None:
        visit.switch()
        if visit.dead:
            visit.done()


class _Visit(greenlet):  # type: ignore[misc]
    """One request at the desk."""

    def __init__(self, desk: Desk, work: Callable[[], None], done: Callable[[], None]) -> None:
        super().__init__(work)
        self.desk = desk
        self.done = done


class _AtTheDesk:
    def __init__(self, visit: _Visit) -> None:
        self._visit = visit

    def wait(self, _seconds: float) -> bool:
        if self._visit.parent is None:
            raise RuntimeError("a request outlived its loop")
        self._visit.parent.switch()
        return True

    def wake(self) -> None:
        self._visit.desk.wake(self._visit)


class _InAThread:
    def __init__(self) -> None:
        self._woken = threading.Lock()  # cheaper than an Event: taken here, released once
        self._woken.acquire()

    def wait(self, seconds: float) -> bool:
        return self._woken.acquire(timeout=seconds)

    def wake(self) -> None:
        self._woken.release()


def at_the_desk() -> bool:
    """Whether this code runs on the loop, where nothing may block."""
    return isinstance(getcurrent(), _Visit)


def sleeper() -> Sleeper:
    """For whoever runs this."""
    visit = getcurrent()
    return _AtTheDesk(visit) if isinstance(visit, _Visit) else _InAThread()


def soon(work: Callable[[], None]) -> None:
    """At the desk once for all visits that ask for it in a round of the loop; elsewhere at once."""
    visit = getcurrent()
    if isinstance(visit, _Visit):
        visit.desk.soon(work)
    else:
        work()
