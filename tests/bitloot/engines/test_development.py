"""What a shop for development stands on."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from bitloot.engines import development
from bitloot.engines.development import Development, development_environ
from bitloot.engines.ports import free_port
from bitloot.settings import load_settings

GIVEN = {"DATABASE_URL": "postgresql://here/shop", "REDIS_URL": "redis://here"}


@pytest.fixture
def usual_port(monkeypatch: pytest.MonkeyPatch) -> int:
    """A free port in the place of 8000, which may be taken on this machine."""
    port = free_port()
    monkeypatch.setitem(development.PORTS, "PORT", port)
    return port


def environ(tmp_path: Path, given: dict[str, str], *, any_ports: bool = False) -> dict[str, str]:
    urls = (GIVEN["DATABASE_URL"], GIVEN["REDIS_URL"])
    return development_environ(given, tmp_path, *urls, any_ports=any_ports)


def test_servers_named_by_url_are_used_and_left_alone(tmp_path: Path) -> None:
    with Development(tmp_path / "state", GIVEN) as shop:
        assert (shop.postgres, shop.valkey) == (None, None)
        assert shop.environ()["DATABASE_URL"] == GIVEN["DATABASE_URL"]
    assert [path.name for path in (tmp_path / "state").iterdir()] == []


def test_what_is_not_named_is_started(tmp_path: Path) -> None:
    with Development(tmp_path / "state", {"DATABASE_URL": GIVEN["DATABASE_URL"]}, durable=False) as shop:
        assert shop.postgres is None
        assert shop.valkey
        assert shop.valkey.process
        assert shop.environ()["REDIS_URL"] == shop.valkey.url
        process = shop.valkey.process
        assert process.running
    assert not process.running


def test_the_environment_makes_safe_settings(tmp_path: Path) -> None:
    settings = load_settings(environ(tmp_path, {}))
    assert settings.development
    assert settings.standins
    assert settings.state_dir == tmp_path
    assert settings.store_directory.is_relative_to(tmp_path)
    assert settings.mail_directory.is_relative_to(tmp_path)


def test_settings_that_are_given_win(tmp_path: Path) -> None:
    found = environ(tmp_path, {"SHOP_NAME": "Mine", "PORT": "8123", "SWEEP_SECONDS": "9", "STANDINS": ""})
    assert (found["SHOP_NAME"], found["PORT"], found["SWEEP_SECONDS"]) == ("Mine", "8123", "9")
    assert found["PUBLIC_URL"] == "http://127.0.0.1:8123"
    assert found["STANDINS"] == "true"


def test_no_secret_is_handed_over_in_the_environment(tmp_path: Path) -> None:
    assert not [name for name in environ(tmp_path, {}) if name.endswith(("_SECRET", "_KEY", "_KEYS"))]


def test_the_usual_port_is_taken_while_it_is_free(tmp_path: Path, usual_port: int) -> None:
    assert environ(tmp_path, {})["PORT"] == str(usual_port)
    with socket.create_server(("127.0.0.1", usual_port)):
        assert environ(tmp_path, {})["PORT"] != str(usual_port)


def test_any_ports_are_distinct_and_ignore_the_settings(tmp_path: Path) -> None:
    found = environ(tmp_path, {"PORT": "8123", "PUBLIC_URL": "http://old"}, any_ports=True)
    ports = {found[name] for name in ("PORT", "RELAY_PORT", "STANDINS_PORT")}
    assert len(ports - {"8123"}) == 3
    assert found["PUBLIC_URL"] == f"http://127.0.0.1:{found['PORT']}"
