"""What the processes themselves logged: for counting bites, never a witness for an invariant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

__all__ = ["entries", "moment"]


def entries(logs: Path, process: str = "", **wanted: Any) -> Iterator[dict[str, Any]]:
    """Lines of the logs whose file begins with `process` and that have all of `wanted`, file by file."""
    for path in sorted(logs.glob(f"{process}*.log")):
        with path.open(errors="replace") as file:
            for line in file:
                entry = _read(line)
                if entry is not None and all(entry.get(name) == value for name, value in wanted.items()):
                    yield entry


def moment(entry: dict[str, Any]) -> float:
    """When it was written, in seconds since the epoch."""
    return datetime.fromisoformat(entry["at"]).timestamp()


def _read(line: str) -> dict[str, Any] | None:
    """None for what is no line of ours, such as one that a kill cut short."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "at" in found else None
