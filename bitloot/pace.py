"""Keeps the beginnings of what a thread does again and again apart, so that what comes meanwhile goes together."""

from __future__ import annotations

import math
import time

__all__ = ["Pace"]


class Pace:
    """For one thread. `apart` in seconds: whoever comes after a quiet while begins at once."""

    def __init__(self, apart: float) -> None:
        self._apart = apart
        self._began = -math.inf

    def begin(self) -> None:
        """Returns when the next may begin, which it is then taken to have done."""
        time.sleep(max(self._began + self._apart - time.monotonic(), 0))
        self._began = time.monotonic()
