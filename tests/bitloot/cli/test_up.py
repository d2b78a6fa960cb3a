"""`bitloot up`: runs until it is told to stop, mends what dies, and leaves nothing."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from bitloot.cli import up
from bitloot.cli.house import House, answers
from bitloot.cli.running import announce
from bitloot.engines.ports import free_port
from tests.bitloot.cli.conftest import Bitloot
from tests.servers import Servers, drop_database, fresh_database, with_database
from tests.waiting import descendants, gone, until


@pytest.fixture
def environment(servers: Servers, tmp_path: Path) -> Iterator[dict[str, str]]:
    name = fresh_database(servers.database_url)
    yield {
        "PATH": os.defpath,
        "STATE_DIR": str(tmp_path / "state"),
        "DATABASE_URL": with_database(servers.database_url, name),
        "REDIS_URL": servers.redis_url,
        "QUEUE_NAMESPACE": f"up-{secrets.token_hex(4)}",
        **{port: str(free_port()) for port in ("PORT", "RELAY_PORT", "STANDINS_PORT")},
    }
    drop_database(servers.database_url, name)


def started(environment: dict[str, str], said: Path) -> subprocess.Popen[bytes]:
    with said.open("w") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "bitloot", "up"], stdout=out, stderr=out, env=environment
        )


def ended(running: subprocess.Popen[bytes]) -> int:
    """How it ends when told to; whatever happens, it does not outlive the test."""
    running.terminate()
    try:
        return running.wait(120)
    finally:
        running.kill()
        running.wait()


def test_who_cannot_start_leaves_the_shop_that_runs_here_announced(
    environment: dict[str, str], tmp_path: Path
) -> None:
    state_dir = Path(environment["STATE_DIR"])
    state_dir.mkdir()
    announce(state_dir, environment)
    second = started(environment | {"ENVIRONMENT": "production"}, tmp_path / "said")
    assert second.wait(120) == 2
    assert (state_dir / "up.json").exists()


def test_it_prints_addresses_mends_what_dies_and_drains(environment: dict[str, str], tmp_path: Path) -> None:
    said = tmp_path / "said"
    running = started(environment, said)
    try:
        until(lambda: "Ctrl-C drains" in said.read_text() or running.poll() is not None, seconds=120)
        assert running.poll() is None, said.read_text()
        assert f"shop      http://127.0.0.1:{environment['PORT']}" in said.read_text()
        below = descendants(running.pid)
        os.kill(relay_among(below), signal.SIGKILL)
        until(lambda: "relay is up again" in said.read_text(), seconds=120)
        assert "relay was killed (SIGKILL)" in said.read_text()
        assert "request" not in said.read_text()  # what is usual is in the log files
        assert doctor(environment)["ok"]
        below = descendants(running.pid)
    finally:
        code = ended(running)
    assert code == 0
    assert gone(*below)
    assert said.read_text().rstrip().endswith("the data stays.")
    assert not answers(f"http://127.0.0.1:{environment['PORT']}/healthz")


def relay_among(pids: list[int]) -> int:
    """The relay itself, not its guard."""
    for pid in pids:
        argv = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if argv[1:3] == [b"-m", b"web.relay"]:
            return pid
    raise AssertionError("no relay runs")


def doctor(environment: dict[str, str]) -> dict[str, bool]:
    """Another command beside it, which is told nothing but the state directory."""
    done = subprocess.run(
        [sys.executable, "-m", "bitloot", "doctor", "--json"],
        capture_output=True,
        env={"PATH": os.defpath, "STATE_DIR": environment["STATE_DIR"]},
        check=False,
    )
    found: dict[str, bool] = json.loads(done.stdout)
    return found


def test_machines_get_one_document_and_a_token(
    bitloot: Bitloot, house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Of a shop that stands already; Ctrl-C comes at once."""

    def interrupted(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # this process's own stay as they are
    monkeypatch.setattr(house, "open", lambda tell: tell("All that is told on the way."))
    monkeypatch.setattr(house, "close", lambda: None)
    monkeypatch.setattr(up, "House", lambda _: house)
    monkeypatch.setattr(up, "_run", interrupted)
    said = bitloot("up", "--json")
    assert (said.code, said.err) == (0, "")
    assert said.document["relay"] == f"ws://127.0.0.1:{house.settings.relay_port}/fulfillment"
    assert said.document["admin_token"].count(".") == 2
    assert not (tmp_path / "up.json").exists()
