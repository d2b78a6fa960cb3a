"""What is asked of the server itself."""

from __future__ import annotations

import psycopg2
import pytest

from bitloot.settings import Settings
from db.server import Pooling, hidden_sessions, long_transactions, oldest_transaction, pooling, room
from tests.bitloot.cli.doctor.pooler import pooled


def test_an_open_transaction_is_told_with_its_age_and_place(database: Settings) -> None:
    connection = psycopg2.connect(database.database_url.get_secret_value(), application_name="sleeper")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
        [found] = [item for item in long_transactions(0) if item.application == "sleeper"]
        assert found.pid == connection.get_backend_pid()
        assert found.seconds >= 0
        assert found.database == connection.info.dbname
        assert oldest_transaction() >= found.seconds
        assert "sleeper" not in {item.application for item in long_transactions(3600)}
    finally:
        connection.close()


def test_the_servers_room_is_told(database: Settings) -> None:
    assert 1 <= room().used <= room().most
    assert hidden_sessions() == 0


def test_a_pooler_is_seen_by_the_process_that_it_makes_up_and_the_connection_that_two_get(
    database_url: str,
) -> None:
    assert pooling(database_url, 5) == Pooling()
    with pooled(database_url) as url:
        assert pooling(url, 5) == Pooling(between=True, shared=True)


def test_a_server_that_is_away_is_no_pooler() -> None:
    with pytest.raises(psycopg2.OperationalError):
        pooling("postgresql://bitloot:pw@127.0.0.1:9/x", 2)
