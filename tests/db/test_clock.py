"""A wrong clock of ours is known, said, and taken out of our reckoning."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from bitloot.settings import Settings
from db import base, clock
from db.clock import compare, now
from db.stuck import beat


@pytest.fixture(autouse=True)
def right_again(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(clock, "_told", float("-inf"))
    yield
    compare(lambda: datetime.now(UTC))


def _away(seconds: float) -> float:
    return compare(lambda: datetime.now(UTC) - timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [70, -70])
def test_a_wrong_clock_is_said_once_and_reckoned_with(seconds: float) -> None:
    with capture_logs() as logs:
        for _ in range(3):
            assert _away(seconds) == pytest.approx(seconds, abs=1)
    assert [(entry["action"], round(entry["seconds"])) for entry in logs] == [("clock_skew", seconds)]
    assert (datetime.now(UTC) - now()).total_seconds() == pytest.approx(seconds, abs=1)


def test_the_noise_of_a_reading_changes_nothing() -> None:
    with capture_logs() as logs:
        assert _away(0.4) == 0
    assert logs == []
    assert (datetime.now(UTC) - now()).total_seconds() == pytest.approx(0, abs=0.1)


def test_a_process_that_was_frozen_while_it_read_learns_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter((0.0, 75.0))
    with monkeypatch.context() as patched:
        patched.setattr("db.clock.time.monotonic", lambda: next(moments))
        found = _away(75)
    assert found == 0


def test_a_new_connection_and_each_sweep_compare(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[datetime] = []
    monkeypatch.setattr("db.stuck.compare", lambda ask: heard.append(ask()))
    monkeypatch.setattr("db.base.compare", lambda ask: heard.append(ask()))
    beat()
    base.database._connect()
    assert len(heard) == 2
    assert all(abs((datetime.now(UTC) - at).total_seconds()) < 60 for at in heard)
