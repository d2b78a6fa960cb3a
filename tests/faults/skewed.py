"""A process whose clock is wrong: `python -m tests.faults.skewed SECONDS AFTER MODULE ARGUMENTS…` runs MODULE so.

From `AFTER` seconds after its start `time.time` and `datetime.now` are `SECONDS` off; the monotonic clock is not, as
where a host's time is set wrongly or stepped.
"""

from __future__ import annotations

import datetime
import runpy
import sys
import time
from collections.abc import Callable
from typing import Any

__all__ = ["bend"]

_real = datetime.datetime


class _Kind(type):
    """Moments that C code makes are of the class that it knows, and count as ours."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _real)


def bend(shift: Callable[[], float]) -> None:
    """From now on this process is `shift()` seconds ahead of the world."""
    seconds, nanoseconds = time.time, time.time_ns

    class Bent(_real, metaclass=_Kind):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return _real.now(tz) + datetime.timedelta(seconds=shift())

        @classmethod
        def utcnow(cls) -> Any:
            return _real.now(datetime.UTC).replace(tzinfo=None) + datetime.timedelta(seconds=shift())

    time.time = lambda: seconds() + shift()
    time.time_ns = lambda: nanoseconds() + int(shift() * 1e9)
    datetime.datetime = Bent  # type: ignore[misc]


def main() -> None:
    wrong, after, module, *arguments = sys.argv[1:]
    begins = time.monotonic() + float(after)
    bend(lambda: float(wrong) if time.monotonic() >= begins else 0.0)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
