"""Every place where the running shop leaves something at rest, as haystacks, with a control planted in each."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import redis

from bitloot.cli.house import House
from bitloot.cli.plaintext import Haystack, control_text
from bitloot.engines.postgres import PostgresEngine

__all__ = ["places", "planted", "valkey_values"]

TABLE, KEY, FILE = "search_control", "search:control", "search-control.txt"


def places(house: House) -> list[Haystack]:
    """Where a key in plain could have come to rest. The supplier's own books are not ours and not among them."""
    url, settings = house.settings.database_url.get_secret_value(), house.settings
    found = [
        Haystack.of_bytes("database dump", lambda: _dump(house, url)),
        Haystack.of_bytes("Valkey, all values", lambda: valkey_values(settings.redis_url.get_secret_value())),
        Haystack.of_folder("objects", settings.store_directory),
        Haystack.of_folder("letters", settings.mail_directory),
        Haystack.of_folder("logs", house.logs),
    ]
    if house.development.postgres is not None:
        data = house.development.postgres.directory / "home" / "data"
        found.insert(1, Haystack.of_folder("PostgreSQL files, WAL", data.resolve(), folds=False))
    if house.development.valkey is not None:
        files = Haystack.of_folder(
            "Valkey files, AOF", house.development.valkey.directory / "data", folds=False
        )
        found.insert(-3, files)
    return found


@contextmanager
def planted(house: House, control: str) -> Iterator[None]:
    """While it is open the control lies in every place, in every form: a search that misses it does not work."""
    text = control_text(control)
    folders = (house.settings.store_directory, house.settings.mail_directory, house.logs)
    files = [folder / FILE for folder in folders]
    with _client(house.settings.redis_url.get_secret_value()) as client, _connection(house) as cursor:
        cursor.execute(f"CREATE TABLE {TABLE} (text text)")
        cursor.execute(f"INSERT INTO {TABLE} VALUES (%s)", (text.decode(),))  # noqa: S608  # a name of ours
        if house.development.postgres is not None:
            cursor.execute(
                "CHECKPOINT"
            )  # into the table's file, whole: in the WAL a page's head may split it
        client.set(KEY, text)
        for file in files:
            file.write_bytes(text)
        try:
            yield
        finally:
            cursor.execute(f"DROP TABLE {TABLE}")
            client.delete(KEY)
            for file in files:
                file.unlink()


@contextmanager
def _connection(house: House) -> Iterator[Any]:
    connection = psycopg2.connect(house.settings.database_url.get_secret_value(), connect_timeout=5)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def _dump(house: House, url: str) -> bytes:
    engine = house.development.postgres or PostgresEngine(house.state_dir / "postgres")
    command = [str(engine.binary("pg_dump")), "--no-owner", "--inserts", url]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout


def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=10, socket_connect_timeout=5)


def valkey_values(url: str) -> bytes:
    """Names and contents of everything that is there now. Raises ValueError for a kind that nobody reads here."""
    with _client(url) as client:
        return b"\n".join(
            part for name in client.scan_iter(count=1000) for part in (name, *_value(client, name))
        )


def _value(client: Any, name: bytes) -> Iterator[bytes]:
    match client.type(name):
        case b"string":
            yield client.get(name) or b""
        case b"list":
            yield from client.lrange(name, 0, -1)
        case b"hash":
            for field, value in client.hgetall(name).items():
                yield from (field, value)
        case b"set":
            yield from client.smembers(name)
        case b"zset":
            yield from client.zrange(name, 0, -1)
        case b"stream":
            for _, fields in client.xrange(name):
                yield from (part for pair in fields.items() for part in pair)
        case b"none":  # it ended meanwhile
            return
        case kind:
            raise ValueError(f"Valkey holds a {kind.decode()}, which no search reads")
