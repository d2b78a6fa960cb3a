"""Deadlines in seconds of a machine of our own: what other work takes from the processors does not count.

A row's deadlines are meant for a quiet machine with two cores. Of each second of a wait counts the share of all
processors' time that was not used by processes other than ours, which the kernel's own counters tell (/proc/stat less
the times of our descendants); a quiet machine counts every second whole.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from tests.waiting import descendants

__all__ = ["Patience", "until"]

#: Seconds between two looks, and the least share that counts, so that a wait ends at last.
EVERY, LEAST = 1.0, 0.04


class Patience:
    """Own seconds since it was made. Ask it often: each answer may look, and a look covers the time since the last."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._ours: dict[tuple[int, str], int] = {}
        self._at, self._total, self._busy = 0.0, 0, 0
        self._look()
        self.seconds, self._began = 0.0, self._at

    def spent(self) -> float:
        """Own seconds so far, exact to a second."""
        if time.monotonic() - self._at >= EVERY:
            self._look()
        return self.seconds

    @property
    def share(self) -> float:
        """Of the machine, since the beginning: 1.0 if it was ours alone."""
        wall = self._at - self._began
        return self.seconds / wall if wall else 1.0

    def _look(self) -> None:
        at, (total, busy), ours = time.monotonic(), _processors(), self._new_ticks()
        others = max(0, busy - self._busy - ours)
        share = 1 - others / max(1, total - self._total)
        self.seconds += (at - self._at) * max(LEAST, share)
        self._at, self._total, self._busy = at, total, busy

    def _new_ticks(self) -> int:
        """What we and our descendants used since the last look; of one that died since, its last second is missed."""
        now = dict(filter(None, map(_ticks, [os.getpid(), *descendants(os.getpid())])))
        new = sum(ticks - self._ours.get(who, 0) for who, ticks in now.items())
        self._ours = now
        return new


def until(condition: Callable[[], bool], *, seconds: float = 20.0, what: str = "the condition") -> None:
    """As `tests.waiting.until`, in own seconds."""
    if condition():
        return
    patience = Patience()
    while not condition():
        assert patience.spent() < seconds, f"{what} did not hold within {seconds:g} s of a machine of our own"
        time.sleep(0.01)


def _processors() -> tuple[int, int]:
    """Ticks of all processors since boot, and those in which they worked, for whomever."""
    user, nice, system, idle, iowait, *more = map(
        int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9]
    )
    busy = user + nice + system + sum(more)
    return busy + idle + iowait, busy


def _ticks(pid: int) -> tuple[tuple[int, str], int] | None:
    """(pid and start) and ticks used, of a process that is there."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return (pid, fields[19]), int(fields[11]) + int(fields[12])
