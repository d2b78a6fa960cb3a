"""Statements that a connection runs often are parsed and planned by the server once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import peewee
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, connection

__all__ = ["Connection"]

#: A connection prepares what it runs for the third time: what is asked once or twice is not worth a plan that stays.
OFTEN = 3

#: Statements that one connection keeps. The hot path has some forty; lists with filters of their own must not grow it.
MOST = 200


class Connection(connection):
    """Knows which statements it ran before, and how to run them now."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._seen: Counter[str] = Counter()
        self._worded: dict[str, str] = {}

    def worded(
        self, sql: str, params: Sequence[Any], execute: Callable[[str], object]
    ) -> tuple[str, Sequence[Any]]:
        """What to run, and with what: `sql` and `params` themselves, or the EXECUTE of what was prepared from `sql`.

        `execute` runs a statement on this connection. Raises peewee's errors for a server that is away.
        """
        lists = list in map(type, params)
        worded = self._worded.get(sql)
        if worded is not None and not lists:  # as nearly always on the hot path
            return worded, params
        if not _can_be_prepared(sql, params):
            return sql, params
        if worded is None:
            # In a transaction a refusal would break it; the next run outside of one prepares it.
            if not self._is_often(sql) or self.get_transaction_status() != TRANSACTION_STATUS_IDLE:
                return sql, params
            worded = self._worded[sql] = _prepare(sql, len(params), execute)
        if worded == sql:
            return sql, params
        return worded, [_array(value) if isinstance(value, list) else value for value in params]

    def _is_often(self, sql: str) -> bool:
        if sql not in self._seen and len(self._seen) >= MOST:
            return False
        self._seen[sql] += 1
        return self._seen[sql] >= OFTEN


def _can_be_prepared(sql: str, params: Sequence[Any]) -> bool:
    """Of several statements PREPARE would take the first and run the others. Of lists we write those of plain items."""
    return ";" not in sql and all(_is_plain(value) for value in params if isinstance(value, list))


def _is_plain(values: list[Any]) -> bool:
    return all(isinstance(value, str | int | UUID) and not isinstance(value, bool) for value in values)


def _array(values: list[Any]) -> str:
    """An array as PostgreSQL reads it, of whatever type the statement wants: psycopg2 would write one of texts, which
    only a query by itself may read as another."""
    quoted = (str(value).replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in quoted) + "}"


def _prepare(sql: str, count: int, execute: Callable[[str], object]) -> str:
    """Falls back to the text itself where the server cannot tell of what type the parameters are."""
    # Named by its text: a pooler between us and the server may not put another statement in its place.
    name = "bl_" + hashlib.sha256(sql.encode()).hexdigest()[:24]
    first, *rest = sql.split("%s")
    numbered = first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))
    try:
        execute(f"PREPARE {name} AS {numbered}")
    except (peewee.OperationalError, peewee.InterfaceError):
        raise
    except peewee.DatabaseError:
        return sql
    return f"EXECUTE {name}" + (f" ({', '.join(['%s'] * count)})" if count else "")
