"""`bitloot standins`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from bitloot.engines.ports import free_port
from bitloot.engines.process import Process
from tests.bitloot.cli.conftest import Bitloot
from web.standins.menu import MENU

COMMAND = [sys.executable, "-m", "bitloot", "standins"]


def alone(tmp_path: Path, port: int) -> dict[str, str]:
    """An environment that names no database and no queue."""
    return {
        "PATH": os.defpath,
        "ENVIRONMENT": "development",
        "STANDINS": "true",
        "STATE_DIR": str(tmp_path / "state"),
        "STANDINS_PORT": str(port),
    }


def test_they_refuse_to_run_outside_development(nowhere: Path) -> None:
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False, cwd=nowhere)
    assert done.returncode == 2
    assert "STANDINS is off" in done.stderr


def test_they_refuse_beside_live_credentials_and_tell_none(tmp_path: Path) -> None:
    live = {"KINGUIN_BASE_URL": "https://gateway.kinguin.net/esa/api", "KINGUIN_API_KEY": "live-" + "k" * 40}
    environ = alone(tmp_path, free_port()) | live
    done = subprocess.run(COMMAND, env=environ, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert "beside credentials for gateway.kinguin.net" in done.stderr
    assert "k" * 40 not in done.stdout + done.stderr
    assert not (tmp_path / "state" / "standins").exists()


def test_they_need_neither_database_nor_queue_and_take_faults_from_the_start_and_later(
    tmp_path: Path,
) -> None:
    port = free_port()
    environ = alone(tmp_path, port)
    first = [*COMMAND, "--fault", "429:share=0.5,seed=7", "--fault", "search_lags:seconds=2"]
    with Process("standins", first, environ, tmp_path / "log", cwd=tmp_path) as standins:
        standins.wait_for(port)
        later = [*COMMAND, "--fault", "accepted_reset:match=BL-7"]
        done = subprocess.run(later, env=environ, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        rules = requests.get(f"http://127.0.0.1:{port}/control/faults", timeout=10).json()["data"]
        assert standins.stop() == 0
    assert [(rule["name"], rule["share"], rule["match"]) for rule in rules] == [
        ("429", 0.5, ""),
        ("search_lags", 1, ""),
        ("accepted_reset", 1, "BL-7"),
    ]
    assert rules[0]["seed"] == 7
    assert f"stand-ins listen on http://127.0.0.1:{port}" in standins.log.read_text()


def test_the_faults_are_listed_one_a_line_and_as_json(bitloot: Bitloot) -> None:
    lines = bitloot("standins", "--faults").out.splitlines()
    assert [line.split()[0] for line in lines] == list(MENU)
    document = bitloot("standins", "--faults", "--json").document
    assert {dish["name"]: dish["line"] for dish in document} == {n: d.line for n, d in MENU.items()}
    assert json.dumps(document[0]["rule"])


@pytest.mark.parametrize(
    "fault", ["nonsense", "429:share", "429:share=2", "429:colour=red", "429:times=x", "429:share=x"]
)
def test_a_fault_that_is_not_understood_is_a_usage_error(bitloot: Bitloot, fault: str) -> None:
    said = bitloot("standins", "--fault", fault)
    assert said.code == 2
    assert "--fault" in said.err
    assert fault != "429:share=x" or "share is a number, not 'x'" in said.err
