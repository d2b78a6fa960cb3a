"""Stand-ins and places for their webhooks, shared by the tests of the suppliers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from web.standins import RunningStandins, StandinsConfig, start_standins


@pytest.fixture(scope="module")
def standins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStandins]:
    config = StandinsConfig(ledger_dir=tmp_path_factory.mktemp("ledger"), delivery_seconds=0, webhooks=False)
    with start_standins(config, port=0) as started:
        yield started
