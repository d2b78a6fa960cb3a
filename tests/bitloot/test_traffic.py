"""The record that one process keeps by itself."""

from __future__ import annotations

import pytest

from bitloot.traffic import Limit, LocalTraffic, Traffic
from tests.bitloot.traffic_contract import TrafficContract


class TestLocalTraffic(TrafficContract):
    @pytest.fixture
    def traffic(self) -> Traffic:
        return LocalTraffic()


def test_a_pace_of_nothing_is_no_limit() -> None:
    assert Limit.per(0, 60) is None
    assert Limit.per(2000, 60) == Limit(0.03)


def test_a_limit_covers_what_it_names() -> None:
    payments = Limit.per(3, 1, method="POST", path="/payment")
    assert payments is not None
    assert payments.covers("POST", "/payment")
    assert not payments.covers("GET", "/payment/7")
    assert not payments.covers("POST", "/estimate")
    assert Limit(1.0).covers("GET", "/anything")
