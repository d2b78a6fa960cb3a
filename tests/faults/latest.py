"""out/latest.json: the whole table at full scale, put together over one run or several; each row says when it ran."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.record import Record

__all__ = ["LATEST", "Latest", "tree"]

#: Git ignores the folder.
LATEST = Path(__file__).parent / "out" / "latest.json"


@dataclass(frozen=True)
class Latest:
    """`numbers` are those of the whole plan, in order; `records` of those that were ever run."""

    numbers: Sequence[str]
    records: Mapping[str, Record]

    @classmethod
    def read(cls, numbers: Sequence[str], path: Path = LATEST) -> Latest:
        """What earlier runs left; rows that the plan no longer has are forgotten."""
        known = {item.name for item in fields(Record)}
        told = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"rows": []}
        records = [Record(**{name: row[name] for name in row.keys() & known}) for row in told["rows"]]
        return cls(numbers, {record.number: record for record in records if record.number in numbers})

    def with_row(self, record: Record) -> Latest:
        """The row's last run counts, however an earlier one ended."""
        return Latest(self.numbers, {**self.records, record.number: record})

    @property
    def rows(self) -> list[Record]:
        return [self.records[number] for number in self.numbers if number in self.records]

    @property
    def missing(self) -> list[str]:
        return [number for number in self.numbers if number not in self.records]

    @property
    def passed(self) -> bool:
        """A row that was never run is no row that passed."""
        return not self.missing and all(record.passed for record in self.rows)

    def verdict(self) -> str:
        """One line: how many of how many, and of how many trees."""
        good = sum(record.passed for record in self.rows)
        trees = sorted({record.commit for record in self.rows if record.commit})
        said = f"{'passed' if self.passed else 'FAILED'}: {good} of {len(self.numbers)} rows"
        said += f", run at {', '.join(trees)}" if trees else ""
        return said + (f"; never run: {', '.join(self.missing)}" if self.missing else "")

    def write(self, path: Path = LATEST) -> None:
        """The whole table as one JSON document; a reader never sees half of it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        told = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "scale": "full",
            "python": platform.python_version(),
            "passed": self.passed,
            "missing": self.missing,
            "rows": [asdict(record) | {"passed": record.passed} for record in self.rows],
        }
        new = path.with_suffix(".new")
        new.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        new.replace(path)


def tree() -> str:
    """The commit that is checked out, short, with a + where files differ from it; empty outside git."""
    commit = _git("rev-parse", "--short", "HEAD")
    return f"{commit}+" if commit and _git("status", "--porcelain", "--untracked-files=no") else commit


def _git(*words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(LATEST.parents[3]), *words],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
