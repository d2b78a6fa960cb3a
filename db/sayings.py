"""What was found out last, kept for a while: however many ask, in however many processes, it is found out once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.base import rows

__all__ = ["Saying", "claim_saying", "keep_saying", "sayings"]


@dataclass(frozen=True)
class Saying:
    at: datetime
    said: Mapping[str, Any]


def claim_saying(subject: str, seconds: float) -> bool:
    """Whether the caller is to find it out now: nobody else was told so within `seconds`."""
    return bool(
        rows(
            "INSERT INTO sayings (subject, asked_at) VALUES (%s, clock_timestamp()) ON CONFLICT (subject) DO UPDATE"
            " SET asked_at = clock_timestamp() WHERE sayings.asked_at < clock_timestamp() - %s * interval '1 second'"
            " RETURNING 1",
            *(subject, seconds),
        )
    )


def keep_saying(subject: str, said: Mapping[str, Any]) -> None:
    rows(
        "UPDATE sayings SET said_at = clock_timestamp(), said = %s WHERE subject = %s RETURNING 1",
        *(json.dumps(dict(said)), subject),
    )


def sayings(subjects: Sequence[str]) -> dict[str, Saying]:
    """What was said last of each, of those that anything was said of."""
    found = rows(
        "SELECT subject, said_at, said FROM sayings WHERE subject = ANY (%s::text[]) AND said_at IS NOT NULL",
        list(subjects),
    )
    return {subject: Saying(at, said) for subject, at, said in found}
