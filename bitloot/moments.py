"""Times as providers write them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

__all__ = ["read_moment"]


def read_moment(value: object) -> datetime | None:
    """Epoch milliseconds or ISO 8601 (without an offset: UTC); None for anything else, since no money hangs on it."""
    try:
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return datetime.fromtimestamp(float(value) / 1000, UTC)
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)
