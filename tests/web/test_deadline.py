"""The database's part in a request has an end, even when the server says nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from peewee import OperationalError
from psycopg2.extensions import set_wait_callback

from bitloot.engines.postgres import PostgresEngine
from db import base
from tests.waiting import descendants
from web.deadline import database, install, renew


@pytest.fixture
def waiting() -> Iterator[None]:
    install()
    yield
    set_wait_callback(None)


@pytest.fixture
def pool(database_url: str, waiting: None) -> Iterator[None]:
    base.connect_url(database_url, max_connections=2, application="tests")
    yield
    base.dispose()


def test_statements_work_as_ever(pool: None) -> None:
    with database(5):
        assert base.rows("SELECT %s + 1", 41) == [(42,)]
        with base.transaction():
            assert base.rows("SELECT repeat('x', 100000)")[0][0] == "x" * 100_000


def test_errors_of_the_server_come_through(pool: None) -> None:
    with database(5):
        with pytest.raises(Exception, match="division by zero"):
            base.rows("SELECT 1 / 0")
        assert base.rows("SELECT 1") == [(1,)]


def test_a_statement_is_given_up_when_the_time_is_over(pool: None) -> None:
    with pytest.raises(OperationalError, match="did not answer"), database(0.2):
        base.rows("SELECT pg_sleep(5)")
    with database(5):
        assert base.rows("SELECT 1") == [(1,)]


def test_the_time_begins_anew_after_a_stranger_was_called(pool: None) -> None:
    with database(0.3):
        base.rows("SELECT pg_sleep(0.2)")
        renew(5)
        base.rows("SELECT pg_sleep(0.2)")
        assert base.rows("SELECT 1") == [(1,)]


def test_a_stopped_server_does_not_stop_us(postgres_server: PostgresEngine, waiting: None) -> None:
    base.connect_url(postgres_server.url, max_connections=2, application="tests")
    with database(5):
        base.rows("SELECT 1")
    assert postgres_server.process is not None
    servers = [*descendants(postgres_server.process.pid), postgres_server.process.pid]
    for pid in servers:
        os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(OperationalError), database(0.3):
            base.rows("SELECT 1")
    finally:
        for pid in servers:
            os.kill(pid, signal.SIGCONT)
    with database(5):
        assert base.rows("SELECT 1") == [(1,)]
    base.dispose()
