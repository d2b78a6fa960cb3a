"""What every test may ask for: real servers, a database of its own, settings that point there."""

from __future__ import annotations

import base64
import gc
import os
import secrets
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitloot.engines.postgres import PostgresEngine
from bitloot.settings import Settings, load_settings
from db import base
from tests.kept import KeptDatabase, KeptRedis
from tests.servers import Servers, refuse_used_redis
from tests.tools import CHROMIUM, left_out

#: Valkey's databases that tests empty: one a worker, from 1; 0 is left to others.
REDIS_NUMBERS = range(1, 16)

#: A browser is no wheel, and `make test` needs nothing but Python; .ci/run installs one and accepts no run without it.
collect_ignore = [] if CHROMIUM else ["browser"]

#: Each of the many processes that tests start would otherwise compile the whole program, and each run all the tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

#: A shell that starts us in the background has us ignore Ctrl-C, and so would all whom tests stop by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

#: What starts processes or a browser takes seconds a test. It runs first, so that no worker is left alone with it.
LONG = (
    *("tests/faults/", "tests/flows/", "tests/browser/", "tests/web/test_schemathesis.py"),
    *(f"tests/bitloot/cli/test_{name}.py" for name in ("up", "demo", "house")),
)

#: A whole shop for the tests of a package. They come one after the other, since it works for as long as it stands.
HOUSES = ("running_house", "shared_house", "browsed_house")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: every third second of a test is spent waiting for others."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """What is imported and collected stays to the end: nobody need look through it for garbage."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first worker begins with the houses and the second with whatever else is long: each takes its share of
    `items` from the front, and whoever has nothing left takes from the end of another's."""
    items.sort(key=_turn)
    long = [item for item in items if _turn(item) == len(HOUSES)]
    others = [item for item in items if _turn(item) != len(HOUSES)]
    share = len(items) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    items[:] = others[:share] + long + others[share:]


def _turn(item: pytest.Item) -> int:
    """The number of the house that it uses; after them what else is long, then the rest."""
    used = getattr(item, "fixturenames", ())
    house = next((turn for turn, name in enumerate(HOUSES) if name in used), len(HOUSES))
    return house + (house == len(HOUSES) and not item.nodeid.startswith(LONG))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in left_out():
        terminalreporter.write_line(line, yellow=True)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL with a migrated template, and Valkey. Each worker has its own: `pg_snapshot_xmin` counts the
    transactions of all databases of a cluster, and PUBLISH reaches all of a Valkey's."""
    started = Servers.start()
    if os.environ.get("REDIS_URL"):
        refuse_used_redis(started.redis_url, _redis_number())
    yield started
    started.stop()


@pytest.fixture(scope="session")
def kept_database(servers: Servers) -> Iterator[KeptDatabase]:
    kept = KeptDatabase(servers)
    yield kept
    kept.drop()


@pytest.fixture
def postgres_server(tmp_path: Path) -> Iterator[PostgresEngine]:
    """A PostgreSQL of the test's own, started, for tests that restart or kill it."""
    engine = PostgresEngine(tmp_path / "postgres", durable=False)
    engine.start()
    yield engine
    engine.remove()


@pytest.fixture
def database_url(kept_database: KeptDatabase) -> str:
    """An empty, migrated database that no other test uses at the same time."""
    return kept_database.url()


@pytest.fixture
def untouched_database(kept_database: KeptDatabase) -> None:
    """For tests that count what a question reads: the next database holds no rows that others left dead."""
    kept_database.drop()


@pytest.fixture(scope="session")
def kept_redis(servers: Servers) -> Iterator[KeptRedis]:
    with KeptRedis(servers.redis_url, _redis_number()) as kept:
        yield kept


@pytest.fixture
def redis_url(kept_redis: KeptRedis) -> str:
    """An empty Valkey database that no other worker uses."""
    return kept_redis.emptied()


def _redis_number() -> int:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return REDIS_NUMBERS[worker % len(REDIS_NUMBERS)]


@pytest.fixture
def environ(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a development process on fresh servers; provider URLs lead nowhere (port 9)."""
    return environ_of(database_url, redis_url, tmp_path)


def environ_of(database_url: str, redis_url: str, folder: Path) -> dict[str, str]:
    return {
        "ENVIRONMENT": "development",
        "STATE_DIR": str(folder / "state"),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "QUEUE_NAMESPACE": f"test-{secrets.token_hex(4)}",
        "MASTER_KEYS": f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        **{f"{name}_SECRET": secrets.token_urlsafe(32) for name in ("BUYER_TOKEN", "ADMIN_TOKEN", "LINK")},
        "NOWPAYMENTS_BASE_URL": "http://127.0.0.1:9/v1",
        "NOWPAYMENTS_API_KEY": secrets.token_hex(16),
        "NOWPAYMENTS_IPN_SECRET": secrets.token_hex(16),
        "KINGUIN_BASE_URL": "http://127.0.0.1:9/esa/api",
        "KINGUIN_API_KEY": secrets.token_hex(16),
        "KINGUIN_WEBHOOK_SECRET": secrets.token_hex(16),
        "RESERVATIONS_BASE_URL": "http://127.0.0.1:9/api/v1",
        "RESERVATIONS_TOKEN_URL": "http://127.0.0.1:9/auth/token",
        "RESERVATIONS_CLIENT_ID": "bitloot-tests",
        "RESERVATIONS_CLIENT_SECRET": secrets.token_hex(16),
        "RESERVATIONS_WEBHOOK_SECRET": secrets.token_hex(16),
        "RESEND_BASE_URL": "http://127.0.0.1:9",
        "RESEND_API_KEY": secrets.token_hex(16),
        # what has a pace of its own says so; providers here have none
        **dict.fromkeys(
            ("KINGUIN_WRITES_PER_MINUTE", "NOWPAYMENTS_PAYMENTS_PER_SECOND", "RESEND_CALLS_PER_SECOND"), "0"
        ),
        "LETTERS": "none",  # but the one with the keys; tests that want others name them
        "STORE_DIRECTORY": str(folder / "objects"),
        "MAIL_DIRECTORY": str(folder / "letters"),
    }


@pytest.fixture
def settings(environ: dict[str, str]) -> Settings:
    """Development settings on fresh servers, with directories for objects and letters."""
    return load_settings(environ)


@pytest.fixture
def database(settings: Settings) -> Iterator[Settings]:
    """The db package configured on a fresh database, with a connection scope held by this thread."""
    base.configure(settings, application="tests")
    with base.scope():
        yield settings
    base.dispose()
