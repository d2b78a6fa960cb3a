"""An id by its beginning, as screens and letters call an order."""

from __future__ import annotations

import uuid
from typing import Literal

from db.base import rows

__all__ = ["Subject", "ids_between"]

Subject = Literal["orders", "cases", "notices", "jobs"]


def ids_between(subject: Subject, first: uuid.UUID, last: uuid.UUID) -> list[uuid.UUID]:
    """Known ids from `first` to `last`; two at most, which is enough to see that a short one is ambiguous."""
    sql = f"SELECT id::text FROM {subject} WHERE id BETWEEN %s AND %s ORDER BY id LIMIT 2"  # noqa: S608  # a literal
    return [uuid.UUID(found) for (found,) in rows(sql, first, last)]
