"""A real PostgreSQL: as root and as an ordinary user, alone and beside another, gone when its starter is."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from bitloot.engines.postgres import PostgresEngine
from bitloot.engines.process import CannotStart
from tests.bitloot.engines.ordinary import ordinary_user
from tests.servers import memory
from tests.waiting import descendants, gone, until

STARTER = """
import sys, pathlib, time
from bitloot.engines.postgres import PostgresEngine
engine = PostgresEngine(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "state/postgres"), durable=False)
print(engine.start(), flush=True)
print(engine.process.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def room() -> Iterator[Path]:
    """Where everybody can pass, as an ordinary checkout is; in a closed home it differs (see the test)."""
    with tempfile.TemporaryDirectory(prefix="bitloot-postgres-", dir=memory()) as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture
def directory(room: Path) -> Path:
    return room / f"postgres-{secrets.token_hex(4)}"


@pytest.fixture(scope="module")
def running(room: Path) -> Iterator[PostgresEngine]:
    """One for all tests that neither stop nor spoil it; kept as for production, but for its size."""
    with PostgresEngine(room / "running") as engine:
        yield engine


@pytest.fixture
def fleeting(room: Path) -> Iterator[PostgresEngine]:
    """Not running. One cluster for all tests that stop it, since making one takes longest; its life is the module's."""
    engine = PostgresEngine(room / "fleeting", durable=False)
    yield engine
    engine.stop()


def ask(url: str, statement: str) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(url, connect_timeout=5)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def test_data_survives_a_stop_and_a_kill(fleeting: PostgresEngine) -> None:
    engine = fleeting
    url = engine.start()
    ask(url, "CREATE TABLE kept (n int)")
    ask(url, "INSERT INTO kept VALUES (1)")
    engine.stop()
    with engine:
        assert ask(engine.url, "SELECT n FROM kept") == [(1,)]
        assert engine.process
        engine.process.kill()
        with pytest.raises(psycopg2.OperationalError):
            ask(engine.url, "SELECT 1")
        engine.stop()
        before = engine.url
        assert ask(engine.start(), "SELECT n FROM kept") == [(1,)]
        assert engine.url == before  # whoever knew it finds it again


def test_it_stops_cleanly_while_clients_are_connected(fleeting: PostgresEngine) -> None:
    engine = fleeting
    connection = psycopg2.connect(engine.start())
    assert engine.process
    process, pids = engine.process, descendants(engine.process.pid)
    assert pids
    engine.stop()
    connection.close()
    assert process.poll() == 0
    assert gone(process.pid, *pids)


def test_only_its_password_opens_it_and_only_here(running: PostgresEngine) -> None:
    password = running.url.split(":")[2].split("@")[0]
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        ask(running.url.replace(password, "guessed"), "SELECT 1")
    assert ask(running.url, "SHOW listen_addresses") == [("127.0.0.1",)]
    kept = running.directory / "home" / "password"
    assert kept.read_text() == password
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert running.process
    assert password not in Path(f"/proc/{running.process.pid}/cmdline").read_text()


def test_statements_and_values_never_reach_its_log(running: PostgresEngine) -> None:
    log = running.directory / "postgres.log"
    ask(running.url, "CREATE TABLE codes (code text UNIQUE)")
    ask(running.url, "INSERT INTO codes VALUES ('BLKEY-CANARY')")
    with pytest.raises(psycopg2.errors.UniqueViolation):
        ask(running.url, "INSERT INTO codes VALUES ('BLKEY-CANARY')")
    until(lambda: "duplicate key" in log.read_text())
    assert "CANARY" not in log.read_text()


def test_dead_clients_are_noticed_by_the_server(running: PostgresEngine) -> None:
    wanted = {
        "client_connection_check_interval": "5s",
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
        "max_connections": "200",
        "fsync": "on",
    }
    assert {name: ask(running.url, f"SHOW {name}")[0][0] for name in wanted} == wanted


def test_two_side_by_side_do_not_collide(running: PostgresEngine, fleeting: PostgresEngine) -> None:
    with fleeting as other:
        assert running.url != other.url
        ask(running.url, "CREATE TABLE mine ()")
        assert ask(other.url, "SELECT to_regclass('mine')") == [(None,)]


def test_a_second_start_in_one_directory_gets_one_clear_sentence(running: PostgresEngine) -> None:
    with pytest.raises(CannotStart) as refused:
        PostgresEngine(running.directory).start()
    assert str(refused.value) == f"PostgreSQL in {running.directory} is already run by process {os.getpid()}."


def test_its_own_programs_are_at_hand(running: PostgresEngine) -> None:
    ask(running.url, "CREATE TABLE dumped (n int)")
    dump = subprocess.run(
        [running.binary("pg_dump"), "--schema-only", running.url], capture_output=True, text=True, check=True
    ).stdout
    assert "CREATE TABLE public.dumped" in dump
    assert running.binary("pgbench").exists()


def test_a_killed_starter_leaves_nothing_and_the_next_start_goes_on(directory: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(directory)], stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout
    with starter.stdout:
        url = starter.stdout.readline().strip()
        ask(url, "CREATE TABLE kept ()")
        pids = descendants(starter.pid)
        assert int(starter.stdout.readline()) in pids
        starter.kill()
        starter.wait(60)
    with PostgresEngine(directory, durable=False) as engine:  # waits for the rest of the dead one
        assert gone(*pids)
        assert ask(engine.url, "SELECT to_regclass('kept')::text") == [("kept",)]


def test_below_a_closed_home_it_runs_all_the_same(tmp_path: Path) -> None:
    """The usual clone of root's: the account that runs PostgreSQL cannot pass there."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    engine = PostgresEngine(closed / "postgres", durable=False)
    try:
        assert ask(engine.start(), "SELECT 1") == [(1,)]
        home = (closed / "postgres" / "home").resolve()
        assert home.is_relative_to(closed) == (os.geteuid() != 0)
        assert home.stat().st_uid != 0
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        engine.remove()
    assert not home.exists()


def test_an_ordinary_user_runs_it_and_a_kill_leaves_nothing() -> None:
    with ordinary_user() as user:
        for end in (signal.SIGTERM, signal.SIGKILL):
            starter = user.start(STARTER)
            assert starter.stdout
            with starter.stdout:
                url = starter.stdout.readline().strip()
                assert ask(url, "SELECT 1") == [(1,)]
                pid = int(starter.stdout.readline())
                assert os.stat(f"/proc/{pid}").st_uid == (user.account.uid if user.account else os.geteuid())
                pids = descendants(starter.pid)
                starter.send_signal(end)
                starter.wait(60)
            until(lambda: gone(*pids), what="the end of PostgreSQL")  # noqa: B023


def test_data_of_another_major_version_is_refused_with_a_sentence(fleeting: PostgresEngine) -> None:
    fleeting.start()
    fleeting.stop()
    told = fleeting.directory / "home" / "data" / "PG_VERSION"
    made_by = told.read_text()
    told.write_text("9\n")
    with pytest.raises(CannotStart, match=r"was made by PostgreSQL 9; the installed wheel is \d+\."):
        fleeting.start()
    told.write_text(made_by)


def test_a_half_made_cluster_is_made_anew(fleeting: PostgresEngine) -> None:
    engine = fleeting
    engine.start()
    engine.stop()
    home = engine.directory / "home"
    (home / "data").rename(home / "data.new")
    shutil.rmtree(home / "data.new" / "global")
    assert ask(engine.start(), "SELECT 1") == [(1,)]
    engine.stop()


def test_removal_leaves_no_file(fleeting: PostgresEngine) -> None:
    fleeting.start()
    fleeting.remove()
    assert not fleeting.directory.exists()
