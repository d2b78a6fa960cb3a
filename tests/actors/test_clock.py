"""The clock: a real process that sends sweep, drains on SIGTERM, and refuses unsafe settings."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from bitloot.anchors import last_anchor
from bitloot.settings import Settings
from bitloot.stores import open_store
from db import record_access
from tests.waiting import until

Clock = Callable[[dict[str, str]], "subprocess.Popen[str]"]


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[Clock]:
    started: list[subprocess.Popen[str]] = []

    def start(environ: dict[str, str]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "actors.clock"],
            env={"PATH": os.environ["PATH"], **environ},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def sweeps(environ: dict[str, str]) -> int:
    with redis.Redis.from_url(environ["REDIS_URL"]) as client:
        stored = client.hgetall(f"{environ['QUEUE_NAMESPACE']}:sweep.msgs")
    return sum(json.loads(data)["actor_name"] == "sweep" for data in stored.values())


def test_it_sends_sweep_and_anchors_and_says_when_none_goes_through_and_stops_on_term(
    environ: dict[str, str], database: Settings, clock: Clock
) -> None:
    """It sends, but no worker runs."""
    record_access(None, "reveal", actor="buyer", outcome="granted", address="", user_agent="")
    beats = {"SWEEP_SECONDS": "0.2", "DEADLINE_SWEEP": "0.5", "AUDIT_ANCHOR_SECONDS": "1"}
    process = clock(environ | beats)
    with redis.Redis.from_url(environ["REDIS_URL"]) as client:
        for number in range(3):  # no other is sent while one waits, and no other waits than one of them
            until(lambda n=number: sweeps(environ) == n + 1, what="a sweep")  # type: ignore[misc]
            assert client.lpop(f"{environ['QUEUE_NAMESPACE']}:sweep")
            assert client.llen(f"{environ['QUEUE_NAMESPACE']}:sweep") <= 1
    assert process.stderr is not None
    assert any("sweep_late" in line for line in process.stderr)
    until(lambda: last_anchor(open_store(database)) == 1, what="an anchor")
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_it_goes_on_when_redis_is_away(environ: dict[str, str], clock: Clock) -> None:
    process = clock(environ | {"REDIS_URL": "redis://127.0.0.1:9/0", "SWEEP_SECONDS": "0.1"})
    assert process.stderr is not None
    seen = ""
    while seen.count("sweep not sent") < 2:
        line = process.stderr.readline()
        assert line
        seen += line
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_unsafe_settings_are_refused_with_sentences(environ: dict[str, str], clock: Clock) -> None:
    process = clock(environ | {"NOWPAYMENTS_IPN_SECRET": "short"})
    _, told = process.communicate(timeout=60)
    assert process.returncode == 78
    assert told.strip() == "NOWPAYMENTS_IPN_SECRET is missing or shorter than 12 characters."
