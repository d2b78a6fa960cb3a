"""One runner per directory: a lock file that is held until nothing of the run is left."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from pathlib import Path

from bitloot.engines.process import CannotStart

__all__ = ["hold", "release"]

#: Seconds to wait for a runner that died to finish stopping what it had started.
DEAD_SECONDS = 20.0


def hold(path: Path, what: str) -> int:
    """Locks `path` and returns the descriptor to keep open. Raises CannotStart if a living process holds it.

    The descriptor may be handed to a guard: the lock then lasts until both have let go.
    """
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)  # PostgreSQL's account must be able to pass
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + DEAD_SECONDS
    while not _try(descriptor):
        holder = _holder(descriptor)
        if _alive(holder) or time.monotonic() > deadline:
            os.close(descriptor)
            raise CannotStart(f"{what} in {path.parent} is already run by process {holder}.")
        time.sleep(0.05)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def release(descriptor: int) -> None:
    os.close(descriptor)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
            raise
        return False
    return True


def _holder(descriptor: int) -> int:
    text = os.pread(descriptor, 20, 0)
    return int(text) if text.isdigit() else 0


def _alive(pid: int) -> bool:
    """A holder that has not yet written its pid counts as alive for the moment of writing only."""
    if pid == 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
