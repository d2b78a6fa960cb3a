"""Follows the logs of several processes and prints their lines under their names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.text import Text

__all__ = ["LogTail"]

COLOURS = ("cyan", "magenta", "yellow", "blue", "green", "red")

#: A line of bitloot.logs, in either form, that a person should see.
TROUBLE = re.compile(r'\[(warning|error|critical) *\]|"level": ?"(warning|error|critical)"')

#: Bytes read from one log at a time.
PIECE = 256 * 1024


class LogTail:
    """Prints whole lines that were added since the last look; begins at the end of what is there.

    Without `all_lines` those of trouble only.
    """

    def __init__(self, logs: Mapping[str, Path], console: Console, *, all_lines: bool = True) -> None:
        self._all_lines = all_lines
        self._logs = dict(logs)
        self._console = console
        self._places = {name: path.stat().st_size if path.exists() else 0 for name, path in logs.items()}
        self._colours = {name: COLOURS[n % len(COLOURS)] for n, name in enumerate(logs)}
        self._width = max(map(len, logs), default=0)

    def look(self) -> None:
        for name in self._logs:
            for line in self._new_lines(name):
                if not self._all_lines and TROUBLE.search(line) is None:
                    continue
                prefix = Text(f"{name:<{self._width}} │ ", style=self._colours[name])
                self._console.print(prefix + Text(line), soft_wrap=True)

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
