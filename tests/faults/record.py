"""What one row came to, and the table at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Record", "table"]

COLUMNS = (
    ("row", 6),
    ("fault", 44),
    ("orders", 7),
    ("fulfilled", 10),
    ("cases", 6),
    ("charged twice", 14),
    ("lost", 5),
    ("bites", 7),
    ("crossings", 10),
    ("seconds", 8),
    ("seed", 8),
    ("commit", 10),
    ("run at", 18),
)


@dataclass
class Record:
    """One row's figures. `cases`: orders that wait for a person; `bites`: how often the fault really happened.

    `at`: when it ended (ISO 8601, UTC); `commit`: of which tree, with a + if that was changed.
    """

    number: str
    fault: str
    seed: int
    orders: int = 0
    fulfilled: int = 0
    cases: int = 0
    charged_twice: int = 0
    lost: int = 0
    bites: int = 0
    crossings: int = 0
    seconds: float = 0.0
    at: str = ""
    commit: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """A fault that never bit proves nothing (RELIABILITY §5)."""
        return self.bites > 0 and not (self.violations or self.charged_twice or self.lost)

    def why(self) -> list[str]:
        """Every reason for which it did not pass."""
        reasons = [] if self.bites else ["the fault never bit"]
        reasons += [f"{self.charged_twice} lines charged twice"] if self.charged_twice else []
        reasons += [f"{self.lost} orders lost"] if self.lost else []
        return reasons + self.violations

    def cells(self) -> list[str]:
        figures = (self.orders, self.fulfilled, self.cases, self.charged_twice, self.lost, self.bites)
        return [
            self.number,
            self.fault[:42],
            *map(str, figures),
            str(self.crossings or ""),
            f"{self.seconds:.1f}",
            str(self.seed),
            self.commit,
            self.at[:16],
        ]


def table(records: Sequence[Record]) -> str:
    """All rows, and below them what is wrong with those that did not pass."""
    lines = ["".join(_cell(name, name, width) for name, width in COLUMNS)]
    for record in records:
        cells = "".join(
            _cell(name, text, width) for (name, width), text in zip(COLUMNS, record.cells(), strict=True)
        )
        lines.append(f"{cells}{'' if record.passed else '  FAILED'}")
    for record in records:
        lines += [f"  {record.number} {name}: {text}" for name, text in record.notes.items()]
    for record in records:
        if not record.passed:
            lines += [f"  {record.number}: {reason}" for reason in record.why()[:20]]
    return "\n".join(lines)


def _cell(name: str, text: str, width: int) -> str:
    return f"{text:<{width}}" if name in {"row", "fault"} else f"{text:>{width}}"
