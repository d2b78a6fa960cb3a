"""Times as providers write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

__all__ = ["believable", "read_moment"]

#: No provider of ours is older, and none is further ahead of our clock.
EPOCH = datetime(2009, 1, 3, tzinfo=UTC)
AHEAD = timedelta(hours=1)


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


def believable(moment: datetime | None) -> datetime | None:
    """The sender's time, unless it can be none: else one notice from the far future would make all others late."""
    if moment is None or not EPOCH <= moment <= datetime.now(UTC) + AHEAD:
        return None
    return moment
