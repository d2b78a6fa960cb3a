"""What both engines are: a server of ours under a lock, at an address that stays while this process does."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

from bitloot.engines.lock import release
from bitloot.engines.process import Process

__all__ = ["Engine"]


class Engine(ABC):
    """`start` it, use `url`, `stop` it; gone when this process is gone. One that died may be started again."""

    def __init__(self, directory: Path, *, durable: bool) -> None:
        self.directory = directory.absolute()  # the server gets a working directory of its own
        self.durable = durable
        self.process: Process | None = None
        self._lock = -1
        self._url = ""
        self._port = 0  # kept over a restart, so that those who know the URL find it again

    @abstractmethod
    def start(self) -> str:
        """Starts it, unless it runs, and returns its URL. Raises CannotStart."""

    def stop(self) -> None:
        """What was written is on disk when it has ended."""
        if self.process is not None:
            self.process.stop()
            self.process = None
        if self._lock >= 0:
            release(self._lock)
            self._lock = -1

    @property
    def url(self) -> str:
        return self._url

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.running

    def poll(self) -> int | None:
        """As `Process.poll`; None also for one that was never started."""
        return None if self.process is None else self.process.poll()

    def last_lines(self, count: int = 5) -> str:
        """As `Process.last_lines`."""
        return "it was never started" if self.process is None else self.process.last_lines(count)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
