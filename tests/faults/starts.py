"""What a witnessed worker wrote down: each start of an actor, as it happened."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

__all__ = ["STARTS", "WITNESS", "read_starts"]

#: The variable that names the file.
STARTS = "FAULTS_STARTS"

#: What such a worker loads instead of `actors`.
WITNESS = "tests.faults.witness"


def read_starts(path: Path) -> Counter[tuple[str, str, str]]:
    """(the id under which the message lay in Redis, actor, subject) -> how often it was started."""
    lines = path.read_text().splitlines() if path.exists() else []
    return Counter((stored, actor, subject) for stored, actor, subject in (line.split(" ") for line in lines))
