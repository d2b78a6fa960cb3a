"""A command opens a database of the right age, or says why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitloot.cli.opening import database_url, open_database
from bitloot.errors import UnsafeSettings
from db import base
from tests.bitloot.cli.conftest import Bitloot
from tests.servers import Servers, drop_database, fresh_database, with_database


def test_a_database_url_that_is_none_is_a_sentence_without_it(
    bitloot: Bitloot, nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "foo:sesame")
    for command in ("kpi", "migrate"):
        said = bitloot(command)
        assert (said.code, "DATABASE_URL is no address of a database" in said.err) == (2, True)
        assert "sesame" not in said.err


def test_without_a_database_url_nothing_opens(nowhere: Path) -> None:
    with pytest.raises(UnsafeSettings, match="DATABASE_URL is missing"):
        database_url()


def test_an_open_database_answers_and_is_closed_after(in_environ: dict[str, str]) -> None:
    with open_database() as settings:
        assert settings.database_url.get_secret_value() == in_environ["DATABASE_URL"]
        assert base.rows("SELECT count(*) FROM orders") == [(0,)]
    assert base.database.is_closed()


def test_a_database_without_the_schema_is_refused(
    in_environ: dict[str, str], servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = fresh_database(servers.database_url)
    monkeypatch.setenv("DATABASE_URL", with_database(servers.database_url, empty))
    try:
        with pytest.raises(UnsafeSettings, match="run `bitloot migrate`"), open_database():
            pass
    finally:
        drop_database(servers.database_url, empty)
