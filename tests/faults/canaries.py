"""I5, F42: keys in plain lie nowhere. The stand-ins sell only canaries, so one prefix finds every key.

It is searched for in a database dump, every value and stream in Valkey, objects and bucket, letters and mails, and all
logs; `more` brings what passed by: tests/faults/taps.py has the relay's frames, Valkey's commands and the processes'
environments. Each place is searched as it lies there and with line breaks taken out, in the forms of
bitloot/cli/plaintext.py, and holds a control in each form that must be found.
"""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import redis

from bitloot.cli.places import valkey_values
from bitloot.cli.plaintext import Haystack, control_text, search
from bitloot.engines.postgres import PostgresEngine
from bitloot.settings import Settings

__all__ = ["CANARY", "mark", "new_control", "plaintext_violations"]

#: Every key of the stand-ins begins so (web/standins/keys.py); eight random hex digits more would find no other.
CANARY = "BLKEY-"

#: Of a key (characters at its end): a text that lost its head is found as well.
TAIL = 16

FILE, TABLE, KEY = "control.txt", "canary_control", "canary:control"


def mark() -> str:
    """A key that nobody sold, to be pushed where a key may come from."""
    return f"{CANARY}{secrets.token_hex(TAIL)}"


def new_control() -> str:
    """A text that must be found wherever it was planted."""
    return f"CONTROL-{secrets.token_hex(8)}"


def plaintext_violations(
    settings: Settings,
    logs: Path,
    directory: Path,
    *,
    objects: Iterable[bytes] = (),
    mails: bytes = b"",
    keys: Iterable[str] = (),
    more: Iterable[Haystack] = (),
    control: str = "",
) -> list[str]:
    """Where a key lies in plain, and which search does not work: in each place a control is planted and must be found.

    `objects`: what lies in a bucket; `mails`: what the mail provider took. `directory` is for the control's file.
    `keys`: keys that are looked for by their ends too. `more`: other places, in which `control` is planted already.
    """
    control = control or new_control()
    url, redis_url = settings.database_url.get_secret_value(), settings.redis_url.get_secret_value()
    haystacks = [
        Haystack.of_bytes("database dump", lambda: _dump(url, directory)),
        Haystack.of_bytes("Valkey", lambda: valkey_values(redis_url)),
        Haystack.of_folder("objects", settings.store_directory),
        Haystack.of_folder("letters", settings.mail_directory),
        Haystack.of_folder("logs", logs),
    ]
    bucket = [*objects, control_text(control)]
    haystacks.append(Haystack("bucket", lambda: bucket))
    haystacks.append(Haystack.of_bytes("mails", lambda: mails + control_text(control)))
    folders = (Path(settings.store_directory), Path(settings.mail_directory), logs)
    with _planted(control_text(control), url, redis_url, folders):
        found = search([*haystacks, *more], [CANARY, *(key[-TAIL:] for key in keys)], control)
    hits = [f"I5 a key lies in {item.haystack} ({', '.join(item.hits)})" for item in found if not item.clean]
    return hits + [
        f"I5 the search in {item.haystack} does not find its control" for item in found if not item.works
    ]


@contextmanager
def _planted(text: bytes, url: str, redis_url: str, folders: Iterable[Path]) -> Iterator[None]:
    connection = psycopg2.connect(url, connect_timeout=5)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor, redis.Redis.from_url(redis_url) as client:
            cursor.execute(f"CREATE TABLE {TABLE} (text text)")
            cursor.execute(f"INSERT INTO {TABLE} VALUES (%s)", (text.decode(),))
            client.set(KEY, text)
            files = [folder / FILE for folder in folders]
            for file in files:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(text)
            try:
                yield
            finally:
                cursor.execute(f"DROP TABLE {TABLE}")
                client.delete(KEY)
                for file in files:
                    file.unlink()
    finally:
        connection.close()


def _dump(url: str, directory: Path) -> bytes:
    command = [str(PostgresEngine(directory / "unused").binary("pg_dump")), "--no-owner", "--inserts", url]
    return subprocess.run(command, capture_output=True, check=True, timeout=120).stdout
