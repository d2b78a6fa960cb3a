"""`bitloot migrate`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from db import migrate
from tests.bitloot.cli.conftest import Bitloot
from tests.servers import Servers, drop_database, fresh_database, with_database


@pytest.fixture
def empty_database(
    in_environ: dict[str, str], servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    name = fresh_database(servers.database_url)
    monkeypatch.setenv("DATABASE_URL", with_database(servers.database_url, name))
    yield with_database(servers.database_url, name)
    drop_database(servers.database_url, name)


def test_an_empty_database_gets_every_migration_once(bitloot: Bitloot, empty_database: str) -> None:
    names = [f"{item.number:04d}_{item.name}" for item in migrate.migrations()]
    first = bitloot("migrate", "--json")
    assert (first.code, first.document) == (0, {"applied": names, "schema": len(names)})
    assert bitloot("migrate", "--json").document["applied"] == []
    assert len(migrate.applied(empty_database)) == len(names)


def test_people_read_what_was_done(bitloot: Bitloot, empty_database: str) -> None:
    assert "applied 0001_tables" in bitloot("migrate").out
    assert bitloot("migrate").out.startswith("✓ The schema is up to date (")


def test_only_the_database_url_is_needed(
    bitloot: Bitloot, empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release step of a deploy runs before anything else is set up."""
    for name in ("MASTER_KEYS", "LINK_SECRET", "REDIS_URL", "NOWPAYMENTS_API_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("ENVIRONMENT", "production")
    assert bitloot("migrate").code == 0
