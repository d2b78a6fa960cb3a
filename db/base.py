"""The connection pool, one connection scope per request or message, and the base of all models."""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Self

from peewee import Field as PeeweeField
from peewee import Model as PeeweeModel
from peewee import PostgresqlDatabase
from playhouse.pool import PooledPostgresqlDatabase

from bitloot.audit import AuditKeys
from bitloot.errors import UnsafeSettings
from bitloot.settings import Settings
from db.clock import compare, now, time_of
from db.prepared import Connection

__all__ = [
    "Database",
    "Model",
    "audit_keys",
    "code_of",
    "configure",
    "database",
    "dispose",
    "in_transaction",
    "mend",
    "now",
    "planned_rows",
    "pool_use",
    "rows",
    "scope",
    "transaction",
]

#: Server-side limits of every connection: a dead or stuck client must not hold locks (RELIABILITY §2.2).
LIMITS = "-c statement_timeout=10s -c lock_timeout=3s -c idle_in_transaction_session_timeout=15s"

#: A plan that stays (a prepared statement's, a function's, a foreign key's) must do for the table that will be: one
#: made while a table was small would read the whole of it for as long as nobody analyzes it. So the index costs
#: hardly more than the next page: in memory, and on a disk without a head, that is how it is.
SERVER_OPTIONS = f"{LIMITS} -c random_page_cost=1.1"

#: What is planned for each run anew goes by PostgreSQL's own figure, by which lists and their indexes were measured.
AS_MEASURED = "SET LOCAL random_page_cost = 4; "

#: How long (seconds) an order may stand still in an active state before sweep looks at it.
grace: float = 15.0

#: What the process was configured with; the keys of the chain are read when first needed.
_settings: Settings | None = None
_audit_keys: AuditKeys | None = None


class _Timed(PostgresqlDatabase):
    """Each new connection tells the database's time, so that a wrong clock of ours is known within minutes."""

    def _connect(self) -> Any:
        connection = super()._connect()  # type: ignore[misc]
        try:
            compare(lambda: time_of(connection))
        except BaseException:
            connection.close()
            raise
        return connection


class Database(PooledPostgresqlDatabase, _Timed):  # type: ignore[misc]
    """The pool. A connection is checked when it is taken, so that a restarted server costs one reconnect."""

    def _is_closed(self, connection: Any) -> bool:
        """A server that ended an idle connection has said so on its socket: only then is it worth a question.

        The stock pool asks each time, a round trip under the lock that all threads share.
        """
        if not connection.closed and not _has_word(connection.fileno()):
            return False
        return bool(super()._is_closed(connection))  # type: ignore[no-untyped-call]


def _has_word(descriptor: int) -> bool:
    """Whether something is to be read there: data, an end, or an error."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


database = Database(None, autoconnect=False)  # type: ignore[no-untyped-call]


class Model(PeeweeModel):
    class Meta:
        database = database
        legacy_table_names = False

    @classmethod
    def load(cls, tail: str, *params: Any) -> list[Self]:
        """What `SELECT … FROM <table> t <tail>` finds. For the hot path: building a query costs more than asking it."""
        found = rows(f'SELECT {cls.columns("t")} FROM "{cls._meta.table_name}" t {tail}', *params)  # noqa: S608
        return [cls.from_row(row) for row in found]

    @classmethod
    @cache
    def columns(cls, alias: str) -> str:
        """All columns of a table that goes by this alias, as `from_row` takes them."""
        return ", ".join(f'{alias}."{field.column_name}"' for field in cls._meta.sorted_fields)

    @classmethod
    def from_row(cls, row: tuple[Any, ...]) -> Self:
        instance = cls(__no_default__=True)  # else each default is made, ids and times too, and thrown away
        data = instance.__data__
        for (name, read), value in zip(_readers(cls), row, strict=True):
            data[name] = value if value is None or read is None else read(value)
        instance._dirty.clear()  # type: ignore[attr-defined]  # as peewee does for rows that it read
        return instance


@cache
def _readers(model: type[Model]) -> list[tuple[str, Callable[[Any], Any] | None]]:
    """Each column's name, and what reads it; None where the driver gives what peewee would make of it."""
    found = [(field.name, field) for field in model._meta.sorted_fields]
    plain = PeeweeField.python_value
    return [
        (name, None if type(field).python_value is plain else field.python_value) for name, field in found
    ]


def configure(settings: Settings, *, application: str = "bitloot") -> None:
    """Points the pool at the settings' server; opens nothing. Call after fork, once per process."""
    global grace, _settings, _audit_keys
    grace = settings.sweep_grace
    _settings, _audit_keys = settings, None
    url = settings.database_url.get_secret_value()
    connect_url(url, max_connections=settings.database_pool, application=application)


def connect_url(url: str, *, max_connections: int, application: str) -> None:
    """Points the pool at `url` (postgresql://…), and lets go of every connection to another."""
    if not database.deferred:
        dispose()
    database.init(  # type: ignore[no-untyped-call]
        url,
        max_connections=max_connections,
        connection_factory=Connection,
        stale_timeout=300,
        timeout=5,
        connect_timeout=5,
        keepalives_idle=30,
        keepalives_interval=10,
        keepalives_count=3,
        tcp_user_timeout=15_000,
        application_name=application,
        options=SERVER_OPTIONS,
    )


def audit_keys() -> AuditKeys:
    """The keys of the audit chain. Raises UnsafeSettings where this process has none."""
    global _audit_keys
    if _audit_keys is None:
        if _settings is None:
            raise UnsafeSettings(["The database was opened without settings, and so without AUDIT_KEYS."])
        _audit_keys = AuditKeys.from_settings(_settings)
    return _audit_keys


def pool_use() -> tuple[int, int, int]:
    """Connections of this process's pool: (in use, idle, at most)."""
    return len(database._in_use), len(database._connections), database._max_connections or 0


def dispose() -> None:
    """Closes every connection of the pool. Nothing where none was ever opened, so that a process that refused to start
    ends with its reason."""
    if not database.deferred:
        database.close_all()  # type: ignore[no-untyped-call]


@contextmanager
def scope() -> Iterator[None]:
    """Holds one connection for this thread; nested scopes share it. Autocommit unless `transaction` is entered."""
    if not database.is_closed():
        yield
        return
    database.connect()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        database.close()


def mend() -> None:
    """Within a scope: another connection, if this one was lost. For whoever goes on after a part has failed."""
    if database.connection().closed:  # type: ignore[no-untyped-call]
        database.close()
        database.connect()  # type: ignore[no-untyped-call]


@contextmanager
def transaction() -> Iterator[None]:
    """One commit. Nesting is refused: an inner commit would not be durable."""
    if in_transaction():
        raise RuntimeError("transactions do not nest")
    with database.atomic():
        yield


def in_transaction() -> bool:
    """Whether this thread has a transaction open; nobody may be called, nothing sent, while it has."""
    return bool(database.in_transaction())


def code_of(error: Exception) -> str | None:
    """The server's code (SQLSTATE): it is on psycopg2's error, which peewee's replaces."""
    return getattr(error.__cause__ or error.__context__, "pgcode", None)


def rows(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """Runs one statement and returns its rows; one that this connection runs often was planned before."""
    given: Sequence[Any] = params
    held: Any = None if database.is_closed() else database.connection()  # type: ignore[no-untyped-call]
    if isinstance(held, Connection):
        sql, given = held.worded(sql, params, database.execute_sql)
    return _fetched(sql, given)


def planned_rows(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """As `rows`, but planned for these very values: where the best way differs between one filter and another."""
    return _fetched(AS_MEASURED + sql, params)


def _fetched(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    found = database.execute_sql(sql, params)  # type: ignore[no-untyped-call]
    return list(found.fetchall())
