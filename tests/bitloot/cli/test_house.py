"""A whole shop on this machine; that nothing of it is left afterwards is seen where it is closed (conftest.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from bitloot.cli.house import House, answers
from bitloot.engines.ports import free_port
from bitloot.errors import UnsafeSettings


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


def test_it_is_for_development_only(tmp_path: Path) -> None:
    house = House(tmp_path, given={"ENVIRONMENT": "production"})
    with pytest.raises(UnsafeSettings, match="runs a shop for development only"):
        house.open(lambda _: None)
    house.close()
