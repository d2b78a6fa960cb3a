"""A whole shop on this machine, and nothing of it left afterwards."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from bitloot.cli.house import House, answers
from bitloot.engines.ports import free_port
from bitloot.errors import UnsafeSettings
from tests.servers import Servers, drop_database, fresh_database, with_database
from tests.waiting import gone, until


def test_all_processes_run_and_answer(house: House) -> None:
    assert list(house.processes) == ["standins", "web", "worker", "relay", "clock"]
    assert all(process.running for process in house.processes.values())
    assert answers(f"http://127.0.0.1:{house.settings.port}/readyz")
    assert not answers(f"http://127.0.0.1:{free_port()}/healthz")


def test_no_process_is_started_with_a_secret_of_ours(house: House) -> None:
    """They are read from the file in development; an environment is seen by many."""
    for process in house.processes.values():
        told = Path(f"/proc/{process.pid}/environ").read_text()
        assert house.settings.link_secret.get_secret_value() not in told
        assert "DATABASE_URL" in told


def test_it_drains_and_leaves_nothing(servers: Servers, tmp_path: Path) -> None:
    name = fresh_database(servers.database_url)
    given = {
        "DATABASE_URL": with_database(servers.database_url, name),
        "REDIS_URL": servers.redis_url,
        "QUEUE_NAMESPACE": f"house-{secrets.token_hex(4)}",
    }
    house = House(tmp_path, any_ports=True, given=given)
    sentences: list[str] = []
    try:
        house.open(sentences.append)
        pids = [process.pid for process in house.processes.values()]
        for name, word in (
            ("worker", "ready for action"),
            ("clock", "clock started"),
        ):  # before, a signal ends them
            until(lambda n=name, w=word: w in (house.logs / f"{n}.log").read_text())  # type: ignore[misc]
    finally:
        house.close()
        drop_database(servers.database_url, name)
    assert gone(*pids)
    assert [process.poll() for process in house.processes.values()] == [0] * 5
    assert sentences[0] == "PostgreSQL and Valkey: as DATABASE_URL and REDIS_URL say"


def test_it_is_for_development_only(tmp_path: Path) -> None:
    house = House(tmp_path, given={"ENVIRONMENT": "production"})
    with pytest.raises(UnsafeSettings, match="runs a shop for development only"):
        house.open(lambda _: None)
    house.close()
