"""Redis, as the doctor finds it."""

from __future__ import annotations

from typing import Any

import pytest

from bitloot.cli.doctor.finding import State
from bitloot.cli.doctor.queues import check_redis
from bitloot.settings import load_settings

WELL = {"maxmemory_policy": "noeviction", "aof_enabled": 1, "aof_last_write_status": "ok"}


@pytest.mark.parametrize(
    ("change", "state", "todo"),
    [
        ({}, State.OK, ""),
        ({"maxmemory_policy": "allkeys-lru"}, State.PROBLEM, "Set maxmemory-policy noeviction."),
        ({"aof_enabled": 0}, State.WARNING, "Set appendonly yes, appendfsync everysec."),
        ({"aof_last_write_status": "err"}, State.PROBLEM, "Look at its disk."),
    ],
)
def test_what_would_lose_messages_is_told(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], state: State, todo: str
) -> None:
    """How a server is set belongs to all tests that use it: told here, not set."""
    monkeypatch.setattr("redis.Redis.info", lambda *_: WELL | change)
    said = check_redis(load_settings({"REDIS_URL": redis_url}, check=False))
    assert (said.state, said.todo) == (state, todo)


def test_a_server_that_was_not_named_is_missed() -> None:
    assert check_redis(load_settings({}, check=False)).answer == "Not set: REDIS_URL."
