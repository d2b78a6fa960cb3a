"""Deadlines in seconds of a machine of our own: what other work takes from the processors does not count.

A row's deadlines are meant for a quiet machine with two cores. Of each second of a wait counts the share of all
processors' time that was not used by processes other than ours, which the kernel's own counters tell (/proc/stat less
the times of our descendants); a quiet machine counts every second whole. Where many orders have to come to rest it is
not the clock that ends a wait but their number, once it grows no more.
"""

from __future__ import annotations

import os
import threading
import time
from bisect import bisect
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.waiting import descendants

__all__ = ["MACHINE", "Machine", "Patience", "pause", "until", "while_it_grows"]

#: Seconds between two looks, and the least share that counts, so that a wait ends at last.
EVERY, LEAST = 1.0, 0.04

#: What grows for so many times the patience of one step is too slow all the same.
AT_MOST = 10


class Machine:
    """A clock that goes as fast as the machine is ours. Whoever asks may have to look, and looks for all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._own, self._share = 0.0, 1.0
        self._marks: list[tuple[float, float]] = []  # (seconds since the epoch, own seconds) at each look
        self._ours: dict[tuple[int, str], int] = {}
        self._at, self._total, self._busy = 0.0, 0, 0
        self._look()
        self._own, self._marks = 0.0, [(time.time(), 0.0)]

    def own(self) -> float:
        """Own seconds so far. Between two looks it goes on at the pace that was seen last."""
        with self._lock:
            if time.monotonic() - self._at >= EVERY:
                self._look()
            return self._own + (time.monotonic() - self._at) * self._share

    def between(self, began: float, ended: float) -> float:
        """Own seconds between two moments of the past (seconds since the epoch)."""
        self.own()
        with self._lock:
            times, owns = zip(*self._marks, strict=True)
        return _own_at(ended, times, owns) - _own_at(began, times, owns)

    def _look(self) -> None:
        at, (total, busy), ours = time.monotonic(), _processors(), self._new_ticks()
        others = max(0, busy - self._busy - ours)
        self._share = max(LEAST, 1 - others / max(1, total - self._total))
        self._own += (at - self._at) * self._share
        self._at, self._total, self._busy = at, total, busy
        self._marks.append((time.time(), self._own))

    def _new_ticks(self) -> int:
        """What we and our descendants used since the last look; of one that died since, its last second is missed."""
        now = dict(filter(None, map(_ticks, [os.getpid(), *descendants(os.getpid())])))
        new = sum(ticks - self._ours.get(who, 0) for who, ticks in now.items())
        self._ours = now
        return new


class Patience:
    """Own seconds since it was made."""

    def __init__(self, machine: Machine | None = None) -> None:
        self._machine = machine or MACHINE
        self._own, self._began = self._machine.own(), time.monotonic()

    def spent(self) -> float:
        """Own seconds so far."""
        return self._machine.own() - self._own

    @property
    def share(self) -> float:
        """Of the machine, since the beginning: 1.0 if it was ours alone."""
        wall = time.monotonic() - self._began
        return min(1.0, self.spent() / wall) if wall else 1.0


def pause(seconds: float, over: threading.Event | None = None) -> None:
    """Sleeps so many own seconds, so that what goes on meanwhile gets as much done as on a machine of our own; or until
    `over`."""
    patience, over = Patience(), over or threading.Event()
    while (left := seconds - patience.spent()) > 0 and not over.wait(min(left, 0.1)):
        pass


def until(condition: Callable[[], bool], *, seconds: float = 20.0, what: str = "the condition") -> None:
    """As `tests.waiting.until`, in own seconds."""
    if condition():
        return
    patience = Patience()
    while not condition():
        assert patience.spent() < seconds, f"{what} did not hold within {seconds:g} s of a machine of our own"
        time.sleep(0.01)


def while_it_grows(figure: Callable[[], int], wanted: int, *, seconds: float) -> float:
    """Waits until `figure()` is `wanted`, for as long as it grows: at most `seconds` without one more, and at most
    `AT_MOST` times that in all. How many own seconds it took."""
    patience, best, since = Patience(), figure(), 0.0
    while best < wanted and patience.spent() < min(since + seconds, AT_MOST * seconds):
        time.sleep(0.1)
        if (found := figure()) > best:
            best, since = found, patience.spent()
    return patience.spent()


def _own_at(moment: float, times: Sequence[float], owns: Sequence[float]) -> float:
    """Between two looks time went evenly; before the first and after the last it went as on a machine of our own."""
    after = bisect(times, moment)
    if after in (0, len(times)):
        edge = min(after, len(times) - 1)
        return owns[edge] + moment - times[edge]
    part = (moment - times[after - 1]) / (times[after] - times[after - 1])
    return owns[after - 1] + part * (owns[after] - owns[after - 1])


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


#: One for all who wait in this process.
MACHINE = Machine()
