"""The relay process: what it refuses to start on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bitloot.engines.process import Process
from bitloot.errors import UnsafeSettings
from tests.servers import Servers, drop_database, fresh_database, with_database
from web.relay.__main__ import CANNOT_START, settings_of


def ended(environ: dict[str, str], tmp_path: Path) -> tuple[int, str]:
    """Exit code and output of a relay that is expected to end by itself."""
    log = tmp_path / "relay.log"
    code = Process("relay", [sys.executable, "-m", "web.relay"], environ, log).start().wait(30)
    return code, log.read_text()


def test_a_platforms_port_is_the_relays_unless_it_has_its_own(environ: dict[str, str]) -> None:
    assert settings_of(environ).relay_port == 8001
    assert settings_of(environ | {"PORT": "5200"}).relay_port == 5200
    assert settings_of(environ | {"PORT": "5200", "RELAY_PORT": "5300"}).relay_port == 5300
    with pytest.raises(UnsafeSettings, match="RELAY_PORT"):
        settings_of(environ | {"PORT": "http"})


def test_unsafe_settings_stop_the_start_with_a_sentence_each(environ: dict[str, str], tmp_path: Path) -> None:
    code, said = ended(environ | {"BUYER_TOKEN_SECRET": "guess-me", "LINK_SECRET": "short"}, tmp_path)
    assert code == CANNOT_START
    assert "BUYER_TOKEN_SECRET must have at least 32 characters." in said
    assert "LINK_SECRET must have at least 32 characters." in said
    assert "guess-me" not in said
    assert "Traceback" not in said


def test_an_old_schema_stops_the_start(environ: dict[str, str], servers: Servers, tmp_path: Path) -> None:
    name = fresh_database(servers.database_url)
    try:
        code, said = ended(environ | {"DATABASE_URL": with_database(servers.database_url, name)}, tmp_path)
    finally:
        drop_database(servers.database_url, name)
    assert code == CANNOT_START
    assert "run `bitloot migrate`" in said


def test_a_database_that_cannot_be_reached_stops_the_start(environ: dict[str, str], tmp_path: Path) -> None:
    url = "postgresql://bitloot:HUSH-HUSH@127.0.0.1:9/bitloot"
    code, said = ended(environ | {"DATABASE_URL": url}, tmp_path)
    assert (code, said.strip()) == (
        CANNOT_START,
        "The database cannot be reached: OperationalError.",
    )


def test_a_port_that_is_taken_stops_the_start(
    environ: dict[str, str], servers: Servers, tmp_path: Path
) -> None:
    taken = servers.redis_url.rpartition(":")[2].partition("/")[0]
    code, said = ended(environ | {"RELAY_PORT": taken}, tmp_path)
    assert code == CANNOT_START
    assert "The relay cannot serve" in said
