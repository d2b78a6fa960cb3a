"""Lists: filters, order, pages and cursors, built once for all. What a caller sends is never part of the SQL."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Generic, TypeVar, get_type_hints

from db.base import planned_rows
from db.walks import Condition, Source, Walk, where

__all__ = ["CAP", "BadPage", "Listed", "Listing", "Sort", "either", "maker", "prefix"]

T = TypeVar("T")

#: Rows are counted up to this, and numbered pages reach as far; beyond it a cursor leads on.
CAP = 10_000

#: As CAP, for filters that must look each row up in another table: that costs some 25 µs a row.
CAP_ELSEWHERE = 1_000


class BadPage(ValueError):
    """Where the list was to go on is no place in it. `at` is the parameter, the text says why."""

    def __init__(self, at: str, why: str) -> None:
        super().__init__(why)
        self.at = at


@dataclass(frozen=True)
class Listed(Generic[T]):
    """One page. `total` is a lower bound where `capped`; `cursor` leads to the next page, None at the end."""

    rows: Sequence[T]
    total: int
    capped: bool = False
    cursor: str | None = None


@dataclass(frozen=True)
class Sort:
    """A column without NULLs, and its type, by which a cursor names a place."""

    column: str
    type: str = "timestamptz"


READ: Mapping[str, Callable[[str], Any]] = {
    "timestamptz": datetime.fromisoformat,
    "uuid": uuid.UUID,
    "bigint": int,
    "text": lambda text: text.replace("\0", "").encode().decode(),  # no lone surrogates either
}


@dataclass(frozen=True)
class Listing(Generic[T]):
    """What a list reads. `table` is `name alias`; filters and sorts speak of it alone, so that joins cost a page."""

    name: str
    table: str
    columns: str
    filters: Mapping[str, Condition]
    sorts: Mapping[str, Sort]
    usual: str  # the order unless asked otherwise: a sort, with `-` in front for descending
    make: Callable[[tuple[Any, ...]], T]
    joins: str = ""
    key: str = "id"  # unique; breaks ties
    key_type: str = "uuid"
    elsewhere: frozenset[str] = frozenset()  # filters that look each row up in another table
    walks: Mapping[str, Walk] = field(
        default_factory=dict
    )  # by a filter that is set and true; for the usual sort

    @property
    def alias(self) -> str:
        return self.table.split()[-1]

    def page(
        self,
        filters: Mapping[str, Any],
        *,
        page: int = 1,
        limit: int,
        sort: str | None = None,
        cursor: str | None = None,
    ) -> Listed[T]:
        """Two queries. A filter that is None does not count. Raises BadPage."""
        offset, cap = 0 if cursor else (page - 1) * limit, self._cap(filters)
        if offset >= cap:
            raise BadPage(
                "page",
                f"pages reach as far as row {cap} here; beyond go on page by page, by the cursor of each",
            )
        total = self.count(filters)
        found, onward = self.batch(filters, sort=sort, cursor=cursor, limit=limit, offset=offset)
        return Listed(found, min(total, cap), total > cap, onward)

    def count(self, filters: Mapping[str, Any]) -> int:
        """One more than the cap at most."""
        source = self._source(filters, self.sorts[self.usual.removeprefix("-")])
        sql = f"SELECT count(*) FROM ({source.found()} LIMIT {self._cap(filters) + 1}) counted"  # noqa: S608
        return int(planned_rows(sql, *source.values)[0][0])

    def _cap(self, filters: Mapping[str, Any]) -> int:
        used = {name for name, value in filters.items() if value is not None}
        return CAP_ELSEWHERE if used & self.elsewhere else CAP

    def batch(
        self,
        filters: Mapping[str, Any],
        *,
        sort: str | None = None,
        cursor: str | None = None,
        limit: int,
        offset: int = 0,
    ) -> tuple[list[T], str | None]:
        """Up to `limit` rows, and the cursor behind the last of them if there are more. Raises BadPage."""
        chosen = sort or self.usual
        by, down = self.sorts[chosen.removeprefix("-")], chosen.startswith("-")
        source, after, edge = self._source(filters, by), "true", list[Any]()
        if cursor is not None:
            sign = "<" if down else ">"
            after = f"({source.place}, {source.key}) {sign} (%s::{by.type}, %s::{self.key_type})"
            edge = self._read_cursor(cursor, chosen, by)
        way = "DESC" if down else "ASC"
        found = planned_rows(
            f"WITH picked AS ({source.places(way, after=after)} LIMIT {int(limit) + 1} OFFSET {int(offset)})"  # noqa: S608
            f" SELECT picked.at_place::text, picked.at_key::text, {self.columns} FROM picked"
            f" JOIN {self.table} ON {self._own_key} = picked.at_key {self.joins}"
            f" ORDER BY picked.at_place {way}, picked.at_key {way}",
            *source.values,
            *edge,
        )
        kept = found[:limit]
        onward = _cursor(chosen, *kept[-1][:2]) if len(found) > limit else None
        return [self.make(row[2:]) for row in kept], onward

    def one(self, key: Any) -> T | None:
        sql = f"SELECT {self.columns} FROM {self.table} {self.joins} WHERE {self._own_key} = %s"  # noqa: S608
        found = planned_rows(sql, key)
        return self.make(found[0]) if found else None

    def picked(self, filters: Mapping[str, Any], *, sort: str, limit: int) -> tuple[int, list[T]]:
        """As `count`, and the first `limit`: for what is done to all that a filter finds."""
        return self.count(filters), self.batch(filters, sort=sort, limit=limit)[0]

    def check(self, *, sort: str, cursor: str | None) -> None:
        """Raises BadPage for a cursor that leads nowhere here."""
        if cursor is not None:
            self._read_cursor(cursor, sort, self.sorts[sort.removeprefix("-")])

    @property
    def _own_key(self) -> str:
        return f"{self.alias}.{self.key}"

    def _source(self, filters: Mapping[str, Any], by: Sort) -> Source:
        asked = {name: value for name, value in filters.items() if value is not None}
        own = Source(self.table, f"{self.alias}.{by.column}", self._own_key, *where(self.filters, asked))
        walk = next((walk for name, walk in self.walks.items() if asked.get(name)), None)
        return own if walk is None else walk.source(own, self.filters, asked)

    def _read_cursor(self, cursor: str, chosen: str, by: Sort) -> list[Any]:
        padded = cursor + "=" * (-len(cursor) % 4)
        try:
            way, place, key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            if way == chosen:
                return [READ[by.type](place), READ[self.key_type](key)]
        except (ValueError, TypeError, AttributeError, OverflowError):
            raise BadPage("cursor", "this is no cursor of this list") from None
        raise BadPage("cursor", "this cursor belongs to another order of the list")


def _cursor(chosen: str, place: str, key: str) -> str:
    told = json.dumps([chosen, place, key], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def either(yes: str, no: str) -> Condition:
    """A filter that is true or false, each by SQL of its own, so that a partial index may answer one of them."""
    return lambda value: (yes if value else no, ())


def prefix(column: str) -> Condition:
    """Texts that begin like this, however they are spelled."""

    def condition(value: str) -> tuple[str, Sequence[Any]]:
        told = value.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"lower({column}) LIKE %s", [f"{told}%"]

    return condition


def maker(facts: type[T]) -> Callable[[tuple[Any, ...]], T]:
    """Makes `facts`, a dataclass, of rows whose columns are its fields. psycopg2 gives uuids as text."""
    hints = get_type_hints(facts)
    places = [hints[field.name] in (uuid.UUID, uuid.UUID | None) for field in fields(facts)]  # type: ignore[arg-type]

    def make(row: tuple[Any, ...]) -> T:
        pairs = zip(row, places, strict=True)
        return facts(*(uuid.UUID(str(value)) if ids and value is not None else value for value, ids in pairs))

    return make
