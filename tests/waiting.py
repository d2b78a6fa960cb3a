"""Waiting for a condition instead of sleeping, and seeing whether processes are gone."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["descendants", "gone", "until"]


def until(condition: Callable[[], bool], *, seconds: float = 60.0, what: str = "the condition") -> None:
    """Returns as soon as `condition()` holds; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not hold within {seconds:g} s"
        time.sleep(0.01)


def gone(*pids: int) -> bool:
    """Whether none of these processes runs any more; one that only waits to be collected counts as gone."""
    return not any(_runs(pid) for pid in pids)


def descendants(pid: int) -> list[int]:
    """All living processes below `pid`."""
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        if fields := _stat(int(entry)):
            parents[int(entry)] = int(fields[1])
    found: list[int] = []
    wanted = {pid}
    while wanted:
        below = {child for child, parent in parents.items() if parent in wanted}
        found += below
        wanted = below
    return found


def _runs(pid: int) -> bool:
    fields = _stat(pid)
    return bool(fields) and fields[0] not in {"Z", "X"}


def _stat(pid: int) -> list[str]:
    """State, parent, group, session, … of a process; empty if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
