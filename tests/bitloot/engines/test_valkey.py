"""A real Valkey: as root and as an ordinary user, alone and beside another, gone when its starter is."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from bitloot.engines.process import CannotStart
from bitloot.engines.valkey import ValkeyEngine
from tests.bitloot.engines.ordinary import ordinary_user
from tests.waiting import descendants, gone, until

STARTER = """
import sys, pathlib, time
from bitloot.engines.valkey import ValkeyEngine
engine = ValkeyEngine(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "state/valkey"))
print(engine.start(), flush=True)
time.sleep(600)
"""


@contextmanager
def client(url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(url, decode_responses=True) as connection:
        yield connection


def stall(connection: redis.Redis) -> object:
    return connection.execute_command("DEBUG", "SLEEP", "0")  # type: ignore[no-untyped-call]


def test_data_survives_a_stop(tmp_path: Path) -> None:
    engine = ValkeyEngine(tmp_path)
    with client(engine.start()) as connection:
        connection.set("kept", "yes")
    assert engine.process
    pid = engine.process.pid
    engine.stop()
    assert gone(pid)
    before = engine.url
    with engine, client(engine.url) as connection:
        assert connection.get("kept") == "yes"
        assert engine.url == before  # whoever knew it finds it again


def test_it_keeps_what_it_was_told_and_evicts_nothing(tmp_path: Path) -> None:
    with ValkeyEngine(tmp_path) as engine, client(engine.url) as connection:
        assert connection.config_get("appendonly") == {"appendonly": "yes"}
        assert connection.config_get("appendfsync") == {"appendfsync": "everysec"}
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert connection.config_get("bind") == {"bind": "127.0.0.1"}


def test_only_its_password_opens_it(tmp_path: Path) -> None:
    with ValkeyEngine(tmp_path) as engine:
        with (
            client("redis://" + engine.url.split("@")[1]) as stranger,
            pytest.raises(redis.RedisError) as error,
        ):
            stranger.ping()
        assert isinstance(error.value, redis.AuthenticationError)
        assert engine.process
        password = (tmp_path / "password").read_text()
        assert password in engine.url
        assert password not in Path(f"/proc/{engine.process.pid}/cmdline").read_text()
    for name in ("password", "valkey.conf"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_it_can_be_stalled_only_when_asked_for(tmp_path: Path) -> None:
    with ValkeyEngine(tmp_path / "plain") as engine, client(engine.url) as connection:  # noqa: SIM117
        with pytest.raises(redis.ResponseError, match="DEBUG command not allowed"):
            stall(connection)
    with ValkeyEngine(tmp_path / "test", debug=True) as engine, client(engine.url) as connection:
        assert stall(connection)


def test_two_side_by_side_do_not_collide(tmp_path: Path) -> None:
    with (
        ValkeyEngine(tmp_path / "one") as one,
        ValkeyEngine(tmp_path / "other") as other,
        client(one.url) as first,
        client(other.url) as second,
    ):
        first.set("mine", "1")
        assert second.get("mine") is None


def test_a_second_start_in_one_directory_gets_one_clear_sentence(tmp_path: Path) -> None:
    refusal = r"^Valkey in .* is already run by process \d+\.$"
    with ValkeyEngine(tmp_path), pytest.raises(CannotStart, match=refusal):
        ValkeyEngine(tmp_path).start()


def test_a_killed_starter_leaves_nothing(tmp_path: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout
    with starter.stdout, client(starter.stdout.readline().strip()) as connection:
        assert connection.ping()
        pids = descendants(starter.pid)
        assert len(pids) == 2  # the guard and Valkey
        starter.kill()
        starter.wait(60)
    until(lambda: gone(*pids), what="the end of Valkey")


def test_an_ordinary_user_runs_it() -> None:
    with ordinary_user() as user:
        starter = user.start(STARTER)
        assert starter.stdout
        with starter.stdout, client(starter.stdout.readline().strip()) as connection:
            assert connection.ping()
            pids = descendants(starter.pid)
            starter.kill()
            starter.wait(60)
        until(lambda: gone(*pids), what="the end of Valkey")
