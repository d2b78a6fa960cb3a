"""Starts again whichever process died, after a pause that grows while it keeps dying."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from bitloot.engines.process import CannotStart

__all__ = ["FIRST_PAUSE", "LONGEST_PAUSE", "Supervised", "Supervisor"]

#: Seconds before a start: the first, doubled up to the longest; the first again after a calm run.
FIRST_PAUSE, LONGEST_PAUSE, CALM = 0.5, 15.0, 30.0


class Supervised(Protocol):
    """A process of the shop, or an engine that it stands on."""

    @property
    def running(self) -> bool: ...

    def start(self) -> object:
        """Raises CannotStart."""

    def poll(self) -> int | None: ...

    def last_lines(self, count: int = 5) -> str: ...


@dataclass
class _Watch:
    pause: float
    started_at: float
    start_at: float | None = None


class Supervisor:
    """Call `look` again and again. `say` hears a sentence for each death and each start; pauses are seconds."""

    def __init__(
        self,
        processes: Mapping[str, Supervised],
        say: Callable[[str], None],
        *,
        first: float = FIRST_PAUSE,
        longest: float = LONGEST_PAUSE,
    ) -> None:
        self._processes = processes
        self._say = say
        self._first, self._longest = first, longest
        self._watches = {name: _Watch(first, time.monotonic()) for name in processes}

    def look(self) -> None:
        now = time.monotonic()
        for name, process in self._processes.items():
            watch = self._watches[name]
            if process.running:
                continue
            if watch.start_at is None:
                self._bury(name, process, watch, now)
            elif now >= watch.start_at:
                self._start(name, process, watch, now)

    def _bury(self, name: str, process: Supervised, watch: _Watch, now: float) -> None:
        if now - watch.started_at >= CALM:
            watch.pause = self._first
        self._say(f"{name} {_end(process)}; starting it in {watch.pause:g} s")
        watch.start_at = now + watch.pause
        watch.pause = min(self._longest, watch.pause * 2)

    def _start(self, name: str, process: Supervised, watch: _Watch, now: float) -> None:
        watch.start_at = None
        watch.started_at = now
        try:
            process.start()
        except CannotStart as failure:
            self._say(str(failure))
        else:
            self._say(f"{name} is up again")


def _end(process: Supervised) -> str:
    """How it ended; its last line only where it may tell why, which one that was killed had no time for."""
    code = process.poll()
    if code is None:
        return "does not run"  # its last start failed, and was told
    if code >= 0:
        return f"ended with {code}: {process.last_lines(1)}"
    try:
        return f"was killed ({signal.Signals(-code).name})"
    except ValueError:  # a real-time signal has no name
        return f"was killed (signal {-code})"
