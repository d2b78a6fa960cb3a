"""Stand-ins that listen, a shop that receives, a client that calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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
