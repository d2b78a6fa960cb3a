"""Where orders stand, for the figures."""

from __future__ import annotations

from dataclasses import dataclass

from db.base import rows

__all__ = ["Standstill", "schema_numbers", "standing"]


@dataclass(frozen=True)
class Standstill:
    """How many orders are in a state, and how long the one that came there first has been in it (seconds)."""

    state: str
    orders: int
    oldest_seconds: float


def standing() -> list[Standstill]:
    """One row per state that any order is in."""
    found = rows(
        "SELECT state, count(*), extract(epoch FROM clock_timestamp() - min(moved_at)) FROM orders"
        " GROUP BY state ORDER BY state"
    )
    return [Standstill(state, int(orders), max(0.0, float(oldest))) for state, orders, oldest in found]


def schema_numbers() -> set[int]:
    """The migrations that this database has."""
    return {number for (number,) in rows("SELECT number FROM schema_migrations")}
