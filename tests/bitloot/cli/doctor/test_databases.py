"""The database's part of the doctor's visit."""

from __future__ import annotations

import peewee
import pytest

from bitloot.cli.doctor.databases import (
    check_database,
    check_pool,
    check_pooler,
    check_schema,
    check_transactions,
    in_database,
)
from bitloot.cli.doctor.finding import Said, State
from bitloot.settings import Settings
from db import base
from tests.bitloot.cli.doctor.pooler import pooled

AWAY = "postgresql://bitloot:hunter22@127.0.0.1:9/x"


def at(settings: Settings, **changes: object) -> Settings:
    return Settings.model_validate(settings.model_dump() | changes)


def test_a_server_that_answers_is_named(database: Settings) -> None:
    assert check_database(database).answer.startswith("PostgreSQL ")
    assert check_schema(database).answer.startswith("Up to date (")


def test_a_pool_too_small_for_the_threads_is_told(database: Settings) -> None:
    assert check_pool(database).state is State.OK
    said = check_pool(at(database, database_pool=4, web_threads=12))
    assert (said.state, said.todo) == (State.WARNING, "Set DATABASE_POOL to 12 or more.")
    assert "the server takes" in check_pool(at(database, database_pool=400)).answer


def test_a_pooler_that_shares_connections_between_transactions_is_a_problem(database: Settings) -> None:
    url = database.database_url.get_secret_value()
    assert check_pooler(database).answer == "Reached directly."
    with pooled(url) as by_pooler:
        said = check_pooler(at(database, database_url=by_pooler))
    assert said.state is State.PROBLEM
    assert "prepared statements" in said.answer


def test_who_cannot_be_asked_is_off_and_only_the_database_is_wrong(database: Settings) -> None:
    away = at(database, database_url=AWAY)

    def refused(_: Settings) -> Said:
        raise peewee.OperationalError("password hunter22")

    assert in_database(refused)(database).state is State.OFF
    assert check_pooler(away).state is State.OFF
    assert in_database(refused)(at(database, database_url="")).answer == "Not to be seen without a database."


def test_a_transaction_that_is_open_anywhere_in_the_cluster_is_named(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitloot.cli.doctor.databases.LONG", 0.0)
    name = base.rows("SELECT current_database()")[0][0]
    other = base.Database(None, autoconnect=False)  # type: ignore[no-untyped-call]
    other.init(database.database_url.get_secret_value(), application_name="sleeper")  # type: ignore[no-untyped-call]
    other.connect()  # type: ignore[no-untyped-call]
    with other.atomic():
        other.execute_sql("SELECT pg_current_xact_id()")  # type: ignore[no-untyped-call]
        said = check_transactions(database)
    other.close_all()  # type: ignore[no-untyped-call]
    assert said.state is State.WARNING
    assert f"in database {name} (sleeper, process " in said.answer
    assert "pg_terminate_backend" in said.todo
