"""Stand-ins and places for their webhooks, shared by the tests of the suppliers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bitloot.over_requests import over_requests
from web.standins import RunningStandins, StandinsConfig, start_standins

__all__ = ["over_requests"]


@pytest.fixture(scope="module")
def standins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStandins]:
    config = StandinsConfig(ledger_dir=tmp_path_factory.mktemp("ledger"), delivery_seconds=0, webhooks=False)
    with start_standins(config, port=0) as started:
        yield started


@pytest.fixture(autouse=True)
def _as_documented(request: pytest.FixtureRequest) -> None:
    """Each test finds the stand-ins without the faults and settings of the one before."""
    if "standins" in request.fixturenames:
        standins: RunningStandins = request.getfixturevalue("standins")
        standins.shop.faults.clear()
        standins.configure(delivery_seconds=0, webhooks=False, duplicate_guard=True, not_ready="empty")
