"""One PostgreSQL and one Valkey that both services share, and what is started beside them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import redis

from bitloot.engines.postgres import PostgresEngine
from bitloot.engines.process import Process, accepts
from bitloot.engines.valkey import ValkeyEngine

__all__ = ["Lab", "open_lab"]


@dataclass
class Lab:
    """Servers with their defaults (fsync on), and a folder for everything."""

    work: Path
    postgres: PostgresEngine
    valkey: ValkeyEngine
    peers: Path | None
    processes: list[Process] = field(default_factory=list)

    def database(self, name: str) -> str:
        """The URL of a fresh database `name`."""
        connection = psycopg2.connect(self.postgres.url)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{name}"')
        connection.close()
        return urlunsplit(urlsplit(self.postgres.url)._replace(path=f"/{name}"))

    def redis(self, number: int) -> str:
        """The URL of Valkey's database `number`, emptied."""
        url = urlunsplit(urlsplit(self.valkey.url)._replace(path=f"/{number}"))
        with redis.Redis.from_url(url) as client:
            client.flushdb()
        return url

    def keep(self, *processes: Process) -> None:
        self.processes += processes

    def stop(self, *processes: Process) -> None:
        """Ends these, or all."""
        for process in reversed(processes or tuple(self.processes)):
            process.stop()
            self.processes.remove(process)

    @staticmethod
    def ports(count: int) -> list[int]:
        """Free ports, one after another, below the range from which the system serves clients."""
        while True:
            base = 15_000 + secrets.randbelow(15_000)
            wanted = list(range(base, base + count))
            if not any(accepts(port) for port in wanted):
                return wanted


@contextmanager
def open_lab(work: Path, peers: Path | None) -> Iterator[Lab]:
    """Everything ends with the block, whatever happens in it."""
    postgres, valkey = PostgresEngine(work / "postgres"), ValkeyEngine(work / "valkey")
    postgres.start()
    try:
        valkey.start()
        lab = Lab(work, postgres, valkey, peers)
        try:
            yield lab
        finally:
            lab.stop()
    finally:
        valkey.stop()
        postgres.stop()
