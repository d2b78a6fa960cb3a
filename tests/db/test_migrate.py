"""Migrations: in order, each whole, refused when old or changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from bitloot.errors import UnsafeSettings
from db import migrate as module
from db.migrate import applied, check, migrate, migrations
from tests.servers import Servers, drop_database, fresh_database, with_database


@pytest.fixture
def empty_url(servers: Servers) -> Iterator[str]:
    name = fresh_database(servers.database_url)
    yield with_database(servers.database_url, name)
    drop_database(servers.database_url, name)


def test_numbers_run_without_a_gap_and_names_are_plain() -> None:
    assert [item.number for item in migrations()] == list(range(1, len(migrations()) + 1))


@pytest.mark.parametrize("name", ["1_short.sql", "0002_gap.sql", "0001_Upper.sql"])
def test_a_file_with_another_name_stops_everything(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(ValueError, match=r"NNNN_name|without a gap"):
        migrations(tmp_path)


def test_an_empty_database_is_brought_up_once(empty_url: str) -> None:
    assert applied(empty_url) == {}
    assert migrate(empty_url) == [item.number for item in migrations()]
    assert migrate(empty_url) == []
    check(empty_url)


def test_two_releases_at_once_migrate_once(empty_url: str) -> None:
    done: list[list[int]] = []
    threads = [threading.Thread(target=lambda: done.append(migrate(empty_url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for numbers in done for number in numbers) == [item.number for item in migrations()]


def test_an_old_schema_is_refused(empty_url: str) -> None:
    with pytest.raises(UnsafeSettings, match="run `bitloot migrate`"):
        check(empty_url)


def test_a_changed_migration_is_refused(empty_url: str) -> None:
    migrate(empty_url)
    connection = psycopg2.connect(empty_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("UPDATE schema_migrations SET digest = 'other' WHERE number = 1")
    connection.close()
    with pytest.raises(UnsafeSettings, match="another version of 0001_tables"):
        check(empty_url)


def test_a_migration_that_fails_leaves_nothing_of_itself(
    empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "0001_half.sql").write_text("CREATE TABLE half (id int); SELECT 1 / 0;")
    broken = migrations(tmp_path)
    monkeypatch.setattr(module, "migrations", lambda: broken)
    with pytest.raises(psycopg2.errors.DivisionByZero):
        migrate(empty_url)
    connection = psycopg2.connect(empty_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('half')")
        assert cursor.fetchone() == (None,)
    connection.close()
    assert applied(empty_url) == {}
