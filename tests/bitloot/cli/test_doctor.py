"""`bitloot doctor`: a plain answer for each part."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from bitloot.cli import doctor
from bitloot.cli.doctor import examine
from bitloot.cli.house import House
from bitloot.settings import Settings, load_settings
from bitloot.states import OrderState
from db import base, clock
from db.stuck import raise_alarms, sweep_age
from tests.bitloot.cli.conftest import Bitloot
from tests.factories import a_paid_order
from tests.waiting import until

PARTS = [
    "settings",
    "database",
    "schema",
    "redis",
    "sweep",
    "orders",
    "notices",
    "master keys",
    "store (directory)",
    "mail (directory)",
    "gateway",
    "supplier kinguin",
    "supplier reservations",
]


@pytest.fixture
def in_house(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    for name, value in house.environ.items():
        monkeypatch.setenv(name, value)
    return house


@pytest.fixture
def swept(in_house: House) -> None:
    """Its clock has sent a sweep by now, and a worker has run it."""
    with base.scope():
        until(lambda: sweep_age() < in_house.settings.deadline_sweep, what="a sweep")


@pytest.mark.usefixtures("swept")
def test_a_shop_that_runs_is_well(bitloot: Bitloot, in_house: House) -> None:
    said = bitloot("doctor", "--json")
    assert [finding["part"] for finding in said.document["findings"]] == PARTS
    assert said.document["ok"]
    assert said.code == 0


@pytest.mark.usefixtures("swept")
def test_people_read_one_line_for_each_part(bitloot: Bitloot, in_house: House) -> None:
    lines = bitloot("doctor").out.splitlines()
    assert len(lines) == len(PARTS)
    assert all(line.startswith("✓ ") for line in lines)


def test_what_is_away_is_named_and_the_rest_goes_on(environ: dict[str, str]) -> None:
    environ |= {
        "DATABASE_URL": "postgresql://bitloot:pw@127.0.0.1:9/x",
        "REDIS_URL": "redis://:pw@127.0.0.1:9/0",
        "KINGUIN_API_KEY": "",
        "LINK_SECRET": "short",
    }
    findings = {finding.part: finding for finding in examine(load_settings(environ, check=False))}
    assert {part for part, finding in findings.items() if finding.ok} == {
        "mail (directory)",
        "supplier kinguin",
        "supplier reservations",
    }
    assert findings["settings"].answer == "LINK_SECRET must have at least 32 characters."
    assert findings["database"].answer == "Does not answer: OperationalError."
    assert findings["supplier kinguin"].answer == "Off."
    assert all("pw" not in finding.answer for finding in findings.values())


def test_a_dead_clock_and_standing_orders_and_refused_senders_are_named(database: Settings) -> None:
    a_paid_order()
    base.rows("UPDATE orders SET moved_at = now() - interval '1 hour' RETURNING id")
    raise_alarms(OrderState.PAID, 60, 10)
    base.rows("UPDATE beats SET at = now() - interval '10 minutes' RETURNING name")
    base.rows("INSERT INTO refusals VALUES ('kinguin', 0, now(), 21) RETURNING slot")
    findings = {finding.part: finding for finding in examine(database)}
    assert findings["notices"].answer == (
        "Refused within an hour: 21 of kinguin. Compare the secret there and here."
    )
    assert "Do clock and workers run?" in findings["sweep"].answer
    assert "Some stand too long: 1 paid" in findings["orders"].answer
    assert not findings["sweep"].ok
    assert not findings["orders"].ok


def test_a_host_whose_clock_is_not_the_databases_is_told(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "_ahead", 0.0)  # what this process then believes goes with the test
    monkeypatch.setattr(doctor, "time_of", lambda wire: clock.time_of(wire) - timedelta(seconds=75))
    found = {finding.part: finding for finding in examine(database)}["database"]
    assert (found.ok, found.asked) == (False, True)
    assert found.answer == "Its clock and this host's are 75 s apart. Do both follow NTP?"
    monkeypatch.undo()
    assert {finding.part: finding for finding in examine(database)}["database"].ok


def test_a_redis_that_drops_messages_is_refused(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redis.Redis.info", lambda *_: {"maxmemory_policy": "allkeys-lru"})
    findings = {finding.part: finding for finding in examine(load_settings(environ))}
    assert findings["redis"].answer.startswith("maxmemory-policy is allkeys-lru")
    assert not findings["redis"].ok


def test_an_ailing_shop_has_another_exit_code(bitloot: Bitloot, in_environ: dict[str, str]) -> None:
    said = bitloot("doctor")
    assert said.code == 1
    assert "✗ gateway" in said.out


@pytest.fixture
def nothing_set(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.usefixtures("nothing_set")
def test_where_nothing_is_set_nobody_is_asked_and_the_way_on_is_told(bitloot: Bitloot) -> None:
    said = bitloot("doctor")
    assert said.code == 1
    assert "Error" not in said.out
    lines = said.out.splitlines()
    assert "✗ database              Not set: DATABASE_URL." in lines
    assert "✗ redis                 Not set: REDIS_URL." in lines
    assert "✗ gateway               Not set: NOWPAYMENTS_API_KEY." in lines
    assert "· schema                Not to be seen without a database." in lines
    assert "· supplier kinguin      Off." in lines
    assert "bitloot up runs one for development" in said.out


@pytest.mark.usefixtures("nothing_set")
def test_what_nobody_was_asked_is_told_to_machines_too(bitloot: Bitloot) -> None:
    findings = {found["part"]: found for found in bitloot("doctor", "--json").document["findings"]}
    assert (findings["database"]["ok"], findings["database"]["asked"]) == (False, False)
    assert (findings["supplier kinguin"]["ok"], findings["supplier kinguin"]["asked"]) == (True, False)


@pytest.mark.usefixtures("nothing_set")
def test_on_a_narrow_terminal_reasons_fold_below_themselves(
    bitloot: Bitloot, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, color_system=None, highlight=False)
    monkeypatch.setattr(doctor, "screen", lambda: console)
    assert bitloot("doctor").code == 1
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[2].startswith(" " * 24)
