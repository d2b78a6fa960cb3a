"""Numbered SQL files, applied in order, each in its own transaction with its number."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection as Connection

from bitloot.errors import UnsafeSettings

__all__ = ["Migration", "applied", "check", "migrate", "migrations"]

FOLDER = Path(__file__).parent / "migrations"
PATTERN = re.compile(r"^(\d{4})_([a-z0-9_]+)\.sql$")

#: Any constant will do, if nobody else locks it: two releases at once must not both migrate.
LOCK = 0xB171007


@dataclass(frozen=True)
class Migration:
    number: int
    name: str
    sql: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations(folder: Path = FOLDER) -> list[Migration]:
    """All migrations in order. Raises ValueError where names or numbers are off."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = PATTERN.match(path.name)
        if match is None:
            raise ValueError(f"{path.name} is not named NNNN_name.sql")
        found.append(Migration(int(match[1]), match[2], path.read_text(encoding="utf-8")))
    if [item.number for item in found] != list(range(1, len(found) + 1)):
        raise ValueError("migration numbers must run from 0001 without a gap")
    return found


def migrate(url: str) -> list[int]:
    """Brings the schema at `url` up to date; returns the numbers applied now. Safe to run twice at once.

    Raises UnsafeSettings for a `url` that is none.
    """
    done = []
    connection = _connect(url, "bitloot migrate")
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS schema_migrations (number integer PRIMARY KEY, name text NOT NULL,"
                " digest text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
            )
        for migration in migrations():
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
                cursor.execute("SELECT 1 FROM schema_migrations WHERE number = %s", (migration.number,))
                if cursor.fetchone():
                    continue
                cursor.execute(migration.sql)
                cursor.execute(
                    "INSERT INTO schema_migrations (number, name, digest) VALUES (%s, %s, %s)",
                    (migration.number, migration.name, migration.digest),
                )
            done.append(migration.number)
    finally:
        connection.close()
    return done


def applied(url: str) -> dict[int, str]:
    """{number: digest} of what the schema at `url` has. Raises UnsafeSettings for a `url` that is none."""
    connection = _connect(url, "bitloot check")
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('schema_migrations')")
            if cursor.fetchone() == (None,):
                return {}
            cursor.execute("SELECT number, digest FROM schema_migrations")
            return dict(cursor.fetchall())
    finally:
        connection.close()


def check(url: str) -> None:
    """Refuses a schema that is older than this code, or was changed under it. Raises UnsafeSettings."""
    have = applied(url)
    missing = [item for item in migrations() if item.number not in have]
    changed = [item for item in migrations() if have.get(item.number, item.digest) != item.digest]
    reasons = []
    if missing:
        reasons.append(
            f"The database schema is at {max(have, default=0):04d} and this code needs {missing[-1].number:04d};"
            " run `bitloot migrate`."
        )
    if changed:
        names = ", ".join(f"{item.number:04d}_{item.name}" for item in changed)
        reasons.append(f"The database was migrated with another version of {names}.")
    if reasons:
        raise UnsafeSettings(reasons)


def _connect(url: str, application: str) -> Connection:
    try:
        return psycopg2.connect(url, connect_timeout=5, application_name=application)
    except psycopg2.ProgrammingError:  # its text quotes the URL, which may hold a password
        raise UnsafeSettings(
            [
                "DATABASE_URL is no address of a database, such as postgresql://user:password@host:5432/bitloot."
            ]
        ) from None
