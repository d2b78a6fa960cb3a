"""The PostgreSQL and Valkey of a test session: engines of our own, or the servers named by URL."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import redis

from bitloot.engines.postgres import PostgresEngine
from bitloot.engines.valkey import ValkeyEngine
from db.migrate import migrate

__all__ = ["Servers", "drop_database", "fresh_database", "memory", "with_database"]

PREFIX = "bitloot-tests-"


@dataclass
class Servers:
    """Started once, by the process that also ends them."""

    database_url: str
    template: str
    redis_url: str
    directory: Path | None = None
    engines: tuple[PostgresEngine, ValkeyEngine] | None = None

    @classmethod
    def start(cls) -> Servers:
        """`DATABASE_URL` and `REDIS_URL` win; what is not given is started here."""
        forget_dead_sessions(memory() or tempfile.gettempdir())
        directory = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=memory()))
        directory.chmod(0o711)  # PostgreSQL's account passes; each engine closes its own room
        postgres = PostgresEngine(directory / "postgres", durable=False)
        valkey = ValkeyEngine(directory / "valkey", durable=False, debug=True)
        try:
            database_url = os.environ.get("DATABASE_URL") or postgres.start()
            redis_url = os.environ.get("REDIS_URL") or valkey.start()
            servers = cls(database_url, "", redis_url, directory, (postgres, valkey))
            servers.template = fresh_database(database_url, prefix="bitloot_template")
            migrate(with_database(database_url, servers.template))
        except BaseException:
            _remove(directory, postgres, valkey)
            raise
        return servers

    def stop(self) -> None:
        """Leaves nothing: neither processes nor files, nor databases on a foreign server."""
        if self.engines is None or self.directory is None:
            return
        try:
            drop_database(self.database_url, self.template)
        finally:
            _remove(self.directory, *self.engines)


def forget_dead_sessions(folder: str) -> None:
    """A session that was killed could not remove its files, and in memory they cost."""
    for left in Path(folder).glob(f"{PREFIX}*-*"):
        pid = left.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists() and left.stat().st_uid == os.geteuid():
            shutil.rmtree(left, ignore_errors=True)


def memory() -> str | None:
    """Memory if there is enough: a fresh database is 300 small files, which costs ten times as much on a disk."""
    shm = Path("/dev/shm")
    if not shm.is_dir() or not os.access(shm, os.W_OK) or shutil.disk_usage(shm).free < 2 << 30:
        return None
    return str(shm)


def _remove(directory: Path, postgres: PostgresEngine, valkey: ValkeyEngine) -> None:
    valkey.stop()
    postgres.remove()
    shutil.rmtree(directory)


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def fresh_database(url: str, *, template: str = "template1", prefix: str = "bitloot_test") -> str:
    """Creates a database with a name of its own on the server at `url` and returns the name."""
    name = f"{prefix}_{secrets.token_hex(6)}"
    _run(url, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    return name


def drop_database(url: str, name: str) -> None:
    """Drops it together with whoever is still connected."""
    _run(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _run(url: str, statement: str) -> None:
    connection = psycopg2.connect(url, connect_timeout=5)
    try:
        connection.autocommit = True  # CREATE DATABASE allows no transaction
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def refuse_used_redis(url: str, number: int) -> None:
    """Raises RuntimeError unless the database that tests will empty holds nothing now."""
    with redis.Redis.from_url(with_database(url, str(number))) as client:
        if client.dbsize():
            raise RuntimeError(f"REDIS_URL: database {number} is not empty, and tests would empty it.")
