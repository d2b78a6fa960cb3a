"""The command as people call it, and one running shop for all tests that only look at it."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from bitloot.cli import main
from bitloot.cli.house import House
from bitloot.cli.sale import Sale, Teller, sell
from bitloot.engines.crew import CREW
from db import base
from tests.servers import Servers, drop_database, fresh_database, with_database
from tests.trading import Trade, open_trade
from tests.waiting import gone, until


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Bitloot = Callable[..., Said]


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command logs warnings only, which is nothing for the tests after it."""
    yield
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET))


@pytest.fixture
def bitloot(capsys: pytest.CaptureFixture[str]) -> Bitloot:
    """Runs a command in this process, as `main` does."""

    def run(*arguments: str) -> Said:
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        captured = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, captured.out, captured.err)

    return run


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty directory and an environment that names no server."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "REDIS_URL", "ENVIRONMENT", "STATE_DIR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def in_environ(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]) -> dict[str, str]:
    """A development environment on a fresh database, as this process's own."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return environ


@pytest.fixture(scope="package")
def running_house(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A whole shop on the session's servers, with a database of its own. It leaves nothing, and each process of it ends
    as one that was asked to: if not, the last test that used it ends in an error."""
    name = fresh_database(servers.database_url)
    given = {
        "DATABASE_URL": with_database(servers.database_url, name),
        "REDIS_URL": servers.redis_url,
        "QUEUE_NAMESPACE": f"house-{secrets.token_hex(4)}",
        "PATH": "/usr/bin:/bin",
    }
    house = House(tmp_path_factory.mktemp("house"), any_ports=True, given=given)
    sentences: list[str] = []
    try:
        house.open(sentences.append)
        pids = [process.pid for process in house.processes.values()]
        for process, word in (("worker", "ready for action"), ("clock", "clock started")):
            # before that a signal would end it without a word
            until(lambda p=process, w=word: w in (house.logs / f"{p}.log").read_text())  # type: ignore[misc]
        yield house
    finally:
        house.close()
        drop_database(servers.database_url, name)
    assert gone(*pids)
    assert {name: process.poll() for name, process in house.processes.items()} == dict.fromkeys(CREW, 0)
    assert sentences[0] == "PostgreSQL and Valkey: as DATABASE_URL and REDIS_URL say"


@pytest.fixture
def house(running_house: House) -> Iterator[House]:
    """The same shop, with this process's pool on its database: other tests point it elsewhere."""
    base.configure(running_house.settings, application="tests")
    yield running_house
    base.dispose()


@pytest.fixture(scope="package")
def sold(running_house: House) -> Sale:
    base.configure(running_house.settings, application="tests")
    sale = Sale("the sale", [("orbit-drifters", 1), ("tin-parade", 2)])
    sell(sale, running_house.settings, "alice@example.com", "btc", Teller())
    base.dispose()
    return sale


@pytest.fixture
def sale(sold: Sale, house: House) -> Sale:
    """A sale with a line at each supplier, played to its end once for all."""
    return sold


@pytest.fixture
def trade(environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trade]:
    """A shop in this process against stand-ins, which the command finds in its environment."""
    with open_trade(environ, tmp_path) as trade:
        for name, value in trade.environ.items():
            monkeypatch.setenv(name, value)
        yield trade
