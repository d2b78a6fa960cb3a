"""Whether this host's clock is right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler

import pytest

from bitloot.cli.doctor import clocks
from bitloot.cli.doctor.clocks import check_clock
from bitloot.cli.doctor.finding import State
from bitloot.settings import Settings, load_settings
from db import clock
from tests.bitloot.scripted_http import Reply, scripted


def test_a_host_whose_clock_is_not_the_databases_is_told(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert check_clock(database).answer == "Within 5 s of database."
    monkeypatch.setattr(clock, "_ahead", 0.0)  # what this process then believes goes with the test
    monkeypatch.setattr(clocks, "time_of", lambda wire: clock.time_of(wire) - timedelta(seconds=75))
    said = check_clock(database)
    assert said.state is State.PROBLEM
    assert said.answer == "The database's clock and this host's are 75 s apart."
    assert said.todo == "Do both follow NTP?"


@pytest.mark.parametrize("status", [200, 404])
def test_a_host_whose_clock_is_not_a_providers_is_told_by_any_answer(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda *_: late)
    with scripted(lambda _: Reply(status, b"{}")) as provider:
        told = {"NOWPAYMENTS_BASE_URL": provider.url, "NOWPAYMENTS_API_KEY": "key"}
        said = check_clock(load_settings(told, check=False))
    assert said.state is State.PROBLEM
    assert said.answer.startswith("NOWPayments' clock and this host's are 3")


def test_where_nobody_tells_the_time_nothing_is_claimed() -> None:
    assert check_clock(load_settings({}, check=False)).state is State.OFF
