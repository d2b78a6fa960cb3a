"""What outlives a test: a database emptied of rows in milliseconds, where a new one costs a hundred; and Valkey's."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import psycopg2
import redis

from tests.servers import Servers, drop_database, fresh_database, with_database

__all__ = ["KeptDatabase", "KeptRedis"]

PRISTINE = Path(__file__).with_suffix(".sql").read_text()

#: Whoever a test left behind would write into the next one.
ALONE = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


class KeptDatabase:
    """One for a worker: `url()` is that of an empty, migrated database."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._name = ""
        self._connection: Any = None  # kept too: a new one would first have to get to know every table

    def url(self) -> str:
        """Emptied before each use and not after it, so that what a failed test left can be looked at."""
        if not (self._name and self._empty()):
            self.drop()
            self._make()
        return with_database(self._servers.database_url, self._name)

    def drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._name:
            drop_database(self._servers.database_url, self._name)
            self._name = ""

    def _make(self) -> None:
        self._name = fresh_database(self._servers.database_url, template=self._servers.template)
        url = with_database(self._servers.database_url, self._name)
        self._connection = psycopg2.connect(url, connect_timeout=5)
        self._connection.autocommit = True
        self._run(PRISTINE)
        self._run(
            "SET session_replication_role = replica"
        )  # no trigger and no foreign key hinders an emptying

    def _empty(self) -> bool:
        """False if it must be made anew: the test changed more than rows, or dropped it."""
        try:
            self._run(ALONE)
            return bool(self._run("SELECT pristine.empty()"))
        except psycopg2.Error:
            return False

    def _run(self, statement: str) -> object:
        """The first value, if there is one."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None


class KeptRedis:
    """Database `number` of the Valkey at `url`, and the one connection that empties it."""

    def __init__(self, url: str, number: int) -> None:
        self._address = with_database(url, str(number))
        self._client = redis.Redis.from_url(self._address)

    def emptied(self) -> str:
        """Its URL. Emptied before each use."""
        self._client.flushdb()
        return self._address

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
