"""What PostgreSQL and Valkey have in common."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from bitloot.engines.engine import Engine
from bitloot.engines.process import CannotStart
from bitloot.engines.valkey import ValkeyEngine
from tests.waiting import until


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return ValkeyEngine(tmp_path, durable=False)


def test_it_runs_for_as_long_as_the_block(engine: Engine) -> None:
    assert (engine.running, engine.poll(), engine.last_lines()) == (False, None, "it was never started")
    with engine:
        assert (engine.running, engine.poll()) == (True, None)
        assert "Ready to accept connections" in engine.last_lines()
    assert not engine.running


def test_one_that_was_killed_is_known_to_be_and_comes_back_where_it_was(engine: Engine) -> None:
    with engine:
        before = engine.url
        assert engine.process is not None
        engine.process.signal(signal.SIGKILL)
        until(lambda: not engine.running)
        assert engine.poll() == -signal.SIGKILL
        assert engine.start() == before
        assert engine.running


def test_one_that_cannot_start_holds_nothing(engine: Engine, tmp_path: Path) -> None:
    with ValkeyEngine(tmp_path, durable=False):
        with pytest.raises(CannotStart):
            engine.start()
        assert not engine.running
    with engine:
        assert engine.running
