"""The pool: one scope per piece of work, and a restarted server costs one reconnect."""

from __future__ import annotations

import threading

import pytest
from peewee import InterfaceError, OperationalError

from bitloot.engines.postgres import PostgresEngine
from bitloot.settings import Settings
from db import base
from db.base import in_transaction, rows, scope, transaction


def test_a_scope_gives_its_connection_back(database: Settings) -> None:
    inside = len(base.database._in_use)
    done = threading.Event()

    def work() -> None:
        with scope():
            rows("SELECT 1")
        done.set()

    threading.Thread(target=work).start()
    assert done.wait(10)
    assert len(base.database._in_use) == inside


def test_nested_scopes_share_one_connection(database: Settings) -> None:
    outer = base.database.connection()  # type: ignore[no-untyped-call]
    with scope():
        assert base.database.connection() is outer  # type: ignore[no-untyped-call]
    assert not base.database.is_closed()


def test_a_forgotten_scope_is_an_error_not_a_leak(settings: Settings) -> None:
    base.configure(settings)
    with pytest.raises(InterfaceError):
        rows("SELECT 1")
    base.dispose()


def test_transactions_do_not_nest(database: Settings) -> None:
    with transaction():
        assert in_transaction()
        with pytest.raises(RuntimeError, match="do not nest"), transaction():
            pass
    assert not in_transaction()


def test_connections_carry_the_limits_that_free_locks(database: Settings) -> None:
    limits = {name: rows(f"SHOW {name}")[0][0] for name in ("statement_timeout", "lock_timeout")}
    assert limits == {"statement_timeout": "10s", "lock_timeout": "3s"}
    assert rows("SHOW idle_in_transaction_session_timeout") == [("15s",)]


def test_a_table_that_is_small_today_is_read_by_its_index_all_the_same(database: Settings) -> None:
    """A plan that stays must do for the table that it will be."""
    rows("INSERT INTO tries SELECT 'try:' || n, now(), 1 FROM generate_series(1, 200) AS n RETURNING 1")
    base.database.execute_sql("ANALYZE tries")  # type: ignore[no-untyped-call]
    plan = rows("EXPLAIN SELECT count FROM tries WHERE subject = 'try:7'")
    assert "Index Scan" in plan[0][0]


def test_the_pool_survives_a_restart_of_the_server(postgres_server: PostgresEngine) -> None:
    base.connect_url(postgres_server.start(), max_connections=3, application="restart test")
    try:
        with scope():
            assert rows("SELECT 1") == [(1,)]
        postgres_server.stop()
        with pytest.raises((OperationalError, InterfaceError)), scope():
            rows("SELECT 1")
        url = postgres_server.start()
        if url != base.database.database:  # a free port may have been another one
            base.connect_url(url, max_connections=3, application="restart test")
        for _ in range(5):
            with scope():
                assert rows("SELECT 1") == [(1,)]
    finally:
        base.dispose()


def test_a_connection_killed_under_the_pool_is_replaced(database: Settings) -> None:
    seen: list[int] = []

    def work() -> None:
        with scope():
            seen.append(rows("SELECT pg_backend_pid()")[0][0])

    first = threading.Thread(target=work)
    first.start()
    first.join()
    rows("SELECT pg_terminate_backend(%s, 5000)", seen[0])  # waits until it is gone
    second = threading.Thread(target=work)
    second.start()
    second.join()
    assert len(set(seen)) == 2


def test_closing_what_was_never_opened_does_not_hide_why_a_process_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(base, "database", base.Database(None, autoconnect=False))  # type: ignore[no-untyped-call]
    base.dispose()
    assert base.database.deferred
