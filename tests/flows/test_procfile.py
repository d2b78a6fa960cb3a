"""The Procfile under a runner, as a PaaS has one: each process is told its PORT, all drain at once and start again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitloot.engines.crew import ROOT
from bitloot.engines.development import development_environ
from bitloot.engines.ports import free_port
from bitloot.engines.process import Process, accepts
from bitloot.engines.valkey import ValkeyEngine
from tests.flows.house import QUICK, House
from tests.servers import Servers, drop_database, fresh_database, with_database

#: honcho gives the n-th process that it is told to start this port more than the first.
STEP = 100

NAMES = ("web", "worker", "relay", "clock")


@pytest.fixture
def house(servers: Servers, tmp_path: Path) -> Iterator[House]:
    """The stand-ins, and the Procfile's processes under honcho, on servers that are given by their URLs."""
    name = fresh_database(servers.database_url, template=servers.template)
    with ValkeyEngine(tmp_path / "valkey", durable=False) as valkey:
        first = _free_ports()
        given = {"PATH": os.environ["PATH"], **QUICK, "PORT": str(first), "RELAY_PORT": str(first + 2 * STEP)}
        given["STANDINS_PORT"] = str(free_port())
        url = with_database(servers.database_url, name)
        environ = development_environ(given, tmp_path / "state", url, valkey.url)
        house = House(environ, tmp_path)
        house.crew = {"standins": house.crew["standins"], "honcho": _honcho(environ, first, tmp_path)}
        try:
            house.seed()
            for process in house.crew.values():
                process.start()
            _wait(house)
            yield house
        finally:
            house.close()
            drop_database(servers.database_url, name)


def _honcho(environ: dict[str, str], port: int, directory: Path) -> Process:
    """`honcho start web worker relay clock`, with this Python's commands first on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    environ = {name: value for name, value in environ.items() if name not in {"PORT", "RELAY_PORT"}}
    argv = [sys.executable, "-m", "honcho", "start", "--port", str(port), *NAMES]
    environ |= {"PATH": path, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    return Process("honcho", argv, environ, directory / "logs" / "honcho.log", stop_seconds=30, cwd=ROOT)


def _free_ports() -> int:
    """A port that is free together with the relay's."""
    while accepts((first := free_port()) + 2 * STEP) or first + 2 * STEP > 65_535:
        pass
    return first


def _wait(house: House) -> None:
    house.crew["standins"].wait_for(house.settings.standins_port)
    for port in (house.settings.port, house.settings.relay_port):
        house.crew["honcho"].wait_for(port)


def test_a_runner_sells_drains_and_goes_on_where_it_was(house: House) -> None:
    sale = house.sell(("orbit-drifters", 1), ("tin-parade", 1))
    assert len(house.reveal(sale)) == 2
    house.control("config", delivery_seconds=5)
    waiting = house.order(("orbit-drifters", 1))
    house.pay(waiting)
    house.until(waiting, "waiting")
    honcho = house.crew["honcho"]
    honcho.stop()
    said = honcho.log.read_text()
    assert "Worker has been shut down" in said
    assert "Killing worker" not in said  # it is told by the runner, and once more by its own main process
    assert not any(accepts(port) for port in (house.settings.port, house.settings.relay_port))
    honcho.start()
    _wait(house)
    house.until(waiting, "fulfilled")
    assert house.charged(waiting) == [1]
