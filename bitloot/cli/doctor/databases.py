"""The database: there, migrated, roomy enough, reached without a pooler, and not held up by anybody."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import psycopg2

from bitloot.cli.doctor.finding import PATIENCE, Check, Said, off, warn, well, wrong
from bitloot.settings import Settings
from db import base, migrate
from db.server import AWAY, hidden_sessions, long_transactions, pooling, room

__all__ = [
    "check_database",
    "check_pool",
    "check_pooler",
    "check_schema",
    "check_transactions",
    "in_database",
]

#: Threads of a worker process unless its command line says otherwise (dramatiq's default).
WORKER_THREADS = 8

#: A transaction that is open for longer (seconds) is felt: relay and letters read the journal only below it.
LONG = 30.0


def in_database(check: Check) -> Check:
    """For a check that asks the shop's database, which `examine` has configured. Who cannot be asked says so once."""

    @wraps(check)
    def asked(settings: Settings) -> Said:
        return _asking(lambda: check(settings), settings)

    return asked


def _asking(check: Callable[[], Said], settings: Settings) -> Said:
    if not settings.database_url.get_secret_value():
        return off("Not to be seen without a database.")
    try:
        with base.scope():
            return check()
    except AWAY:
        return off("Not to be seen: the database did not answer.")


def check_database(settings: Settings) -> Said:
    url = settings.database_url.get_secret_value()
    if not url:
        return wrong("Not set: DATABASE_URL.")
    connection = psycopg2.connect(url, connect_timeout=PATIENCE)
    try:
        return well(f"PostgreSQL {connection.server_version // 10000} answers.")
    finally:
        connection.close()


@in_database
def check_schema(settings: Settings) -> Said:
    migrate.check(settings.database_url.get_secret_value())
    return well(f"Up to date ({migrate.migrations()[-1].number:04d}).")


@in_database
def check_pool(settings: Settings) -> Said:
    """A thread that waits for a connection answers nobody; a server without room refuses everybody."""
    need = max(settings.web_threads, WORKER_THREADS)
    if settings.database_pool < need:
        return warn(
            f"DATABASE_POOL is {settings.database_pool}, and up to {need} threads of a process want a connection.",
            f"Set DATABASE_POOL to {need} or more.",
        )
    found = room()
    processes = settings.web_processes + 3  # a worker, relay, clock: more of them need more
    wanted = processes * settings.database_pool
    if wanted > found.most:
        return warn(
            f"{processes} processes may open {wanted} connections, and the server takes {found.most}.",
            "Raise max_connections there, or lower DATABASE_POOL.",
        )
    return well(f"{settings.database_pool} a process; the server takes {found.most}, {found.used} are open.")


def check_pooler(settings: Settings) -> Said:
    url = settings.database_url.get_secret_value()
    if not url:
        return off("Not to be seen without a database.")
    try:
        found = pooling(url, PATIENCE)
    except psycopg2.OperationalError:
        return off("Not to be seen: the database did not answer.")
    if not found.admitted:
        return wrong(
            "A pooler refuses the limits that each connection of ours asks for: no process can connect.",
            "Connect directly, or set ignore_startup_parameters = options there.",
        )
    if found.shared:
        return wrong(
            "A pooler shares server connections between transactions: prepared statements will be missing.",
            "Connect directly, or set pool_mode = session there.",
        )
    if not found.ours:
        return warn(
            "Our limits (statement_timeout and others) are not in force: something in between drops them.",
            "Connect directly, or set them for the role: ALTER ROLE … SET statement_timeout = '10s'.",
        )
    return well("A pooler in session mode is in between." if found.between else "Reached directly.")


@in_database
def check_transactions(settings: Settings) -> Said:
    """One that is open anywhere in the cluster holds back the journal: relay and letters wait for it."""
    found, hidden = long_transactions(LONG), hidden_sessions()
    if found:
        told = "\n".join(
            f"Open for {item.seconds:.0f} s in database {item.database}"
            f" ({item.application or 'no name'}, process {item.pid or 'none: prepared'})."
            for item in found
        )
        return warn(
            told,
            "Live events and letters wait for it; commits do not.\n"
            "End it: SELECT pg_terminate_backend(process); of a prepared one: ROLLBACK PREPARED.",
        )
    if hidden:
        return warn(
            f"None of ours; {hidden} sessions of others cannot be seen.",
            "GRANT pg_read_all_stats to our role, and they can.",
        )
    return well(f"None is open for longer than {LONG:.0f} s anywhere in the cluster.")
