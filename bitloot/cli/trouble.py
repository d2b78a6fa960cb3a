"""A log line of trouble as a person reads it: when, what, and what to do; the log files keep the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rich.text import Text

__all__ = ["Trouble", "read_trouble"]

#: A line of bitloot.logs for people: time, level, what happened, who says so, and names with their values.
_LINE = re.compile(
    r"\S+T(?P<at>\d\d:\d\d:\d\d)\S* \[(?P<level>warning|error|critical) *\] "
    r"(?P<event>.*?)(?: \[[\w.]+\])?(?P<facts>(?: \w+=(?>'[^']*'|\"[^\"]*\"|\[.*?\](?= \w+=|$)|\S*))*+)"
)
_FACT = re.compile(r" (error|todo)=(?:'([^']*)'|\"([^\"]*)\"|(\S+))")

STYLES = {"warning": "yellow", "error": "red", "critical": "bold red"}


@dataclass(frozen=True)
class Trouble:
    """`at` is UTC, as in the log; `error` and `todo` may be empty."""

    at: str
    level: str
    event: str
    error: str = ""
    todo: str = ""

    def text(self) -> Text:
        told = Text.assemble((f"{self.at} ", "dim"), (self.event, STYLES[self.level]))
        if self.error and self.error not in self.event:
            told.append(f" ({self.error})", "dim")
        if self.todo:
            told.append(f" → {self.todo}")
        return told


def read_trouble(line: str) -> Trouble | None:
    """None for a line that tells of none, or that is not written for people."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    facts = {name: quoted or double or bare for name, quoted, double, bare in _FACT.findall(found["facts"])}
    return Trouble(found["at"], found["level"], found["event"], facts.get("error", ""), facts.get("todo", ""))
