"""The PostgreSQL server itself: its room, who holds up the journal, and what stands between it and us."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import peewee
import psycopg2

from db.base import SERVER_OPTIONS, rows

__all__ = [
    "AWAY",
    "OLD_SCHEMA",
    "LongTransaction",
    "Pooling",
    "Room",
    "hidden_sessions",
    "long_transactions",
    "oldest_transaction",
    "pooling",
    "room",
]

#: What is raised where the server does not answer, and where it lacks what this code asks for.
AWAY = (peewee.OperationalError, peewee.InterfaceError)
OLD_SCHEMA = peewee.ProgrammingError

#: Transactions with an id hold back `pg_snapshot_xmin` for every database of the cluster; prepared ones outlive
#: their session. Readers have no id and hold back nothing of ours.
OPEN = """
    SELECT datname, application_name, pid, extract(epoch FROM clock_timestamp() - xact_start) AS seconds
      FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
    UNION ALL SELECT database, gid, NULL, extract(epoch FROM clock_timestamp() - prepared) FROM pg_prepared_xacts
"""


@dataclass(frozen=True)
class LongTransaction:
    """`pid` is None for a prepared one, whose name `application` then is."""

    database: str
    application: str
    pid: int | None
    seconds: float


@dataclass(frozen=True)
class Room:
    """Connections that clients may have open, and those that are."""

    most: int
    used: int


@dataclass(frozen=True)
class Pooling:
    """`between`: somebody answers in the server's place. `shared`: two clients were given one server connection.
    `ours`: the limits that we ask for are in force. `admitted`: who asks for them may connect at all."""

    between: bool = False
    shared: bool = False
    ours: bool = True
    admitted: bool = True


def long_transactions(least: float) -> list[LongTransaction]:
    """Those open for `least` seconds or longer, the oldest first, as far as our role may see."""
    found = rows(f"SELECT * FROM ({OPEN}) o WHERE seconds >= %s ORDER BY seconds DESC LIMIT 10", least)  # noqa: S608
    return [
        LongTransaction(database or "-", name or "", pid, float(age)) for database, name, pid, age in found
    ]


def oldest_transaction() -> float:
    """Seconds for which the oldest is open; 0 if none is."""
    return max(0.0, float(rows(f"SELECT coalesce(max(seconds), 0) FROM ({OPEN}) o")[0][0]))  # noqa: S608


def hidden_sessions() -> int:
    """Sessions of which our role may see nothing."""
    sql = "SELECT count(*) FROM pg_stat_activity WHERE query = '<insufficient privilege>' AND usesysid IS NOT NULL"
    return int(rows(sql)[0][0])


def room() -> Room:
    sql = (
        "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,"
        " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')"
    )
    [(most, used)] = rows(sql)
    return Room(int(most), int(used))


def pooling(url: str, patience: int) -> Pooling:
    """Looks by two connections of its own; each may take `patience` seconds. Raises psycopg2.OperationalError."""
    try:
        first = _connect(url, patience, options=SERVER_OPTIONS)
    except psycopg2.OperationalError:
        _connect(url, patience).close()  # away for everybody, or only for who names limits
        return Pooling(between=True, ours=False, admitted=False)
    try:
        second = _connect(url, patience, options=SERVER_OPTIONS)
        try:
            return _compared(first, second)
        finally:
            second.close()
    finally:
        first.close()


def _compared(first: Any, second: Any) -> Pooling:
    """In transaction mode what the first gives back is what the second gets."""
    pid = _value(first, "SELECT pg_backend_pid()")
    first.commit()
    other = _value(second, "SELECT pg_backend_pid()")
    ours = _value(first, "SHOW statement_timeout") == "10s"
    # A pooler makes up the process that a client may cancel.
    return Pooling(between=first.get_backend_pid() != pid, shared=other == pid, ours=ours)


def _connect(url: str, patience: int, **more: Any) -> Any:
    return psycopg2.connect(url, connect_timeout=patience, application_name="bitloot doctor", **more)


def _value(connection: Any, sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]
