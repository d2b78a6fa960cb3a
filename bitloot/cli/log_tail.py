"""Follows the logs of several processes and prints their lines under their names."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bitloot.cli.trouble import Trouble, read_trouble

__all__ = ["APART", "LogTail"]

COLOURS = ("cyan", "magenta", "yellow", "blue", "green", "red")

#: A line of bitloot.logs, in either form, that a person should see.
TROUBLE = re.compile(r'\[(warning|error|critical) *\]|"level": ?"(warning|error|critical)"')

#: Bytes read from one log at a time.
PIECE = 256 * 1024

#: The same trouble of the same process is told once in so many seconds, and then counted.
APART = 10.0


@dataclass
class _Told:
    at: float
    more: int = 0


class LogTail:
    """Prints whole lines that were added since the last look; begins at the end of what is there.

    Without `all_lines` those of trouble only, each in a few words, and how often it came again.
    """

    def __init__(
        self,
        logs: Mapping[str, Path],
        console: Console,
        *,
        all_lines: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._all_lines = all_lines
        self._clock = clock
        self._logs = dict(logs)
        self._console = console
        self._places = {name: path.stat().st_size if path.exists() else 0 for name, path in logs.items()}
        self._colours = {name: COLOURS[n % len(COLOURS)] for n, name in enumerate(logs)}
        self._width = max(map(len, logs), default=0)
        self._told: dict[tuple[str, str], _Told] = {}

    def look(self) -> None:
        for name in self._logs:
            for line in self._new_lines(name):
                if self._all_lines:
                    self._print(name, Text(line))
                elif (trouble := read_trouble(line)) is not None:
                    self._tell(name, trouble)
                elif TROUBLE.search(line) is not None:
                    self._print(name, Text(line))
        self._count()

    def _tell(self, name: str, trouble: Trouble) -> None:
        told = self._told.get((name, trouble.event))
        if told is not None:
            told.more += 1
            return
        self._told[name, trouble.event] = _Told(self._clock())
        self._print(name, trouble.text())

    def _count(self) -> None:
        for (name, event), told in list(self._told.items()):
            if self._clock() - told.at >= APART:
                del self._told[name, event]
                if told.more:
                    self._print(name, Text(f"  {told.more} more: {event}", style="dim"))

    def _print(self, name: str, text: Text) -> None:
        prefix = Text(f"{name:<{self._width}} │ ", style=self._colours[name])
        self._console.print(prefix + text, soft_wrap=True)

    def _new_lines(self, name: str) -> Iterator[str]:
        try:
            with self._logs[name].open("rb") as log:
                log.seek(self._places[name])
                piece = log.read(PIECE)
        except FileNotFoundError:
            return
        whole = piece[: piece.rfind(b"\n") + 1] if len(piece) < PIECE else piece
        self._places[name] += len(whole)
        yield from whole.decode(errors="replace").splitlines()
