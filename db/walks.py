"""Where the rows of a list are found: in its own table, or along an index of another that keeps the same time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Condition", "Source", "Walk", "where"]

#: What a filter compares: SQL with %s for its value, or what makes that and its values out of the value.
Condition = str | Callable[[Any], tuple[str, Sequence[Any]]]


@dataclass(frozen=True)
class Source:
    """Rows by their `place` in the list's order and their `key`, both columns of `table`."""

    table: str
    place: str
    key: str
    where: str
    values: Sequence[Any]
    walked: bool = False

    def places(self, way: str, *, after: str = "true") -> str:
        """SQL for each row's place and key, once each, in the list's order."""
        once = "DISTINCT " if self.walked else ""
        return (
            f"SELECT {once}{self.place} AS at_place, {self.key} AS at_key FROM {self.table}"  # noqa: S608
            f" WHERE {self.where} AND {after} ORDER BY {self.place} {way}, {self.key} {way}"
        )

    def found(self) -> str:
        """SQL for what is counted. A walk is sorted, or PostgreSQL would gather all of it to tell twins."""
        return self.places("ASC") if self.walked else f"SELECT 1 FROM {self.table} WHERE {self.where}"  # noqa: S608


@dataclass(frozen=True)
class Walk:
    """A table whose index begins with what a filter asks for and goes on with the list's place and key."""

    table: str  # `name alias`
    place: str
    key: str  # several of its rows may be one of the list
    filters: Mapping[str, str]  # what it answers by itself; all others look into the list's own table

    def source(self, own: Source, conditions: Mapping[str, Condition], asked: Mapping[str, Any]) -> Source:
        """For a list's `own` source, with its conditions for what the walk cannot answer.

        Joined by the place too, PostgreSQL may walk either table in the list's order, whichever has fewer rows to pass.
        """
        alone = asked.keys() <= self.filters.keys()
        same = f"{own.key} = {self.key} AND {own.place} = {self.place}"
        table = self.table if alone else f"{self.table} JOIN {own.table} ON {same}"
        return Source(table, self.place, self.key, *where({**conditions, **self.filters}, asked), walked=True)


def where(conditions: Mapping[str, Condition], asked: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """What holds for all that is asked, as SQL and the values of its places."""
    parts, values = ["true"], list[Any]()
    for name, value in asked.items():
        condition = conditions[name]
        if callable(condition):
            sql, compared = condition(value)
        else:
            sql, compared = condition, [value] * condition.count("%s")
        parts.append(f"({sql})")
        values += compared
    return " AND ".join(parts), values
