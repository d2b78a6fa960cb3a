"""The workshop: opened from the environment, or refused."""

from __future__ import annotations

import pytest

from actors import workshop
from bitloot.errors import Blocked, UnsafeSettings
from bitloot.settings import Settings
from bitloot.shop import open_shop
from db import base
from db.blocks import open_blocks
from tests.servers import Servers, drop_database, fresh_database, with_database


def test_it_opens_from_the_environment(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    settings = workshop.open_from_environment("test")
    assert workshop.shop().settings == settings
    with base.scope():
        assert base.rows("SHOW application_name") == [("bitloot test",)]
    base.dispose()


def test_an_old_schema_is_refused(
    environ: dict[str, str], servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = fresh_database(servers.database_url)
    for key, value in (environ | {"DATABASE_URL": with_database(servers.database_url, name)}).items():
        monkeypatch.setenv(key, value)
    try:
        with pytest.raises(UnsafeSettings, match="run `bitloot migrate`"):
            workshop.open_from_environment("test")
    finally:
        drop_database(servers.database_url, name)


def test_what_one_shop_learns_of_a_provider_another_knows(database: Settings) -> None:
    mine, other = workshop.shared_shop(database), workshop.shared_shop(database)
    mine.turnstiles["kinguin"].report("GET", 401, Blocked("no", code="unauthorized"))
    assert isinstance(other.turnstiles["kinguin"].refusal(), Blocked)
    assert open_blocks() == {"kinguin": "unauthorized"}


def test_there_is_no_shop_before_one_is_opened(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop, "_shop", None)
    with pytest.raises(RuntimeError, match="no shop is open"):
        workshop.shop()
    opened = open_shop(settings)
    workshop.use(opened)
    assert workshop.shop() is opened
