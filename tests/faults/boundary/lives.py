"""What one life came to: its strike, its trace, whether it was struck, how it came to rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.boundary.crossings import Strike
from tests.faults.boundary.story import Diary

__all__ = ["STORIES", "Life"]

#: Each dialect, and both in one order.
STORIES: dict[str, list[tuple[str, int]]] = {
    "kinguin": [("orbit-drifters", 1)],
    "reservations": [("tin-parade", 1)],
    "two lines": [("orbit-drifters", 1), ("tin-parade", 1)],
}


@dataclass
class Life:
    """One order's, with one strike, and perhaps a second one while it recovers."""

    story: str
    strike: Strike | None = None
    again: Strike | None = None
    folder: Path = Path()
    faults: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        if self.strike is None:
            return f"{self.story}: nothing"
        what = self.strike.error or "killed"
        more = f", killed again at crossing {self.again.at} of the recovery" if self.again else ""
        return f"{self.story}: {what} {self.strike.side} {self.strike.at}{more}"

    @property
    def diary(self) -> Diary:
        return Diary(self.folder / "diary.jsonl")

    @property
    def crossings(self) -> list[tuple[str, str]]:
        """(kind, name) of each crossing of the story, in their order."""
        return _read(self.folder / "story.trace")

    @property
    def struck(self) -> bool:
        return any(kind == "struck" for kind, _ in self.crossings)

    @property
    def struck_again(self) -> bool:
        return any(kind == "struck" for kind, _ in _read(self.folder / "recovery.trace"))

    @property
    def order_id(self) -> str:
        return str((self.diary.last("placed") or {}).get("order", "?"))

    @property
    def rested(self) -> dict[str, Any] | None:
        return self.diary.last("rested")


def _read(path: Path) -> list[tuple[str, str]]:
    lines = path.read_text().splitlines() if path.exists() else []
    return [(kind, name) for kind, _, name in (line.partition(" ") for line in lines)]
