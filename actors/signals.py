"""The word to stop, heard once: a runner tells a whole process group, and dramatiq's main process tells it on."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

__all__ = ["ECHO", "hear_once"]

#: A second word within so many seconds is the first one's echo; a later one is meant, and dramatiq then ends at once.
ECHO = 2.0


def hear_once(number: signal.Signals, clock: Callable[[], float] = time.monotonic) -> None:
    """From now on the handler of `number` in this process is spared echoes. Call it in the main thread."""
    handler: Any = signal.getsignal(number)
    if not callable(handler):
        return
    heard_at = -math.inf

    def hear(signum: int, frame: FrameType | None) -> None:
        nonlocal heard_at
        if clock() - heard_at >= ECHO:
            heard_at = clock()
            handler(signum, frame)

    signal.signal(number, hear)
