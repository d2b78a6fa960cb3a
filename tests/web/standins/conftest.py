"""Stand-ins that listen, a shop that receives, a client that calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.web.standins.caller import Caller
from tests.web.standins.receiver import Receiver
from web.standins import RunningStandins, StandinsConfig, start_standins
from web.standins.floor import Floor


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def config(tmp_path: Path, receiver: Receiver) -> StandinsConfig:
    return StandinsConfig(
        ledger_dir=tmp_path / "ledger", shop_url=receiver.url, delivery_seconds=0.01, retry_seconds=0.01
    )


@pytest.fixture
def standins(config: StandinsConfig) -> Iterator[RunningStandins]:
    with start_standins(config) as running:
        yield running


@pytest.fixture
def pass_time(standins: RunningStandins, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], object]:
    """Lets so many seconds pass for what happens later, so that no test has to be quicker than it."""
    passed = [0.0]

    def let_pass(seconds: float) -> None:
        passed[0] += seconds
        standins.shop.floor.later.call(0, lambda: None)  # it looks at its clock again

    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + passed[0])
    monkeypatch.setattr("web.standins.later.time", clock)
    return let_pass


@pytest.fixture
def caller(standins: RunningStandins) -> Iterator[Caller]:
    caller = Caller(standins)
    yield caller
    caller.close()


@pytest.fixture
def floor(config: StandinsConfig) -> Iterator[Floor]:
    """The common ground alone, without HTTP."""
    floor = Floor(config)
    yield floor
    floor.close()
