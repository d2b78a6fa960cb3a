"""`bitloot doctor`: a plain answer for each part."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from bitloot.cli.doctor import examine, visit
from bitloot.cli.house import House
from bitloot.settings import Settings, load_settings
from db import base
from db.stuck import sweep_age
from tests.bitloot.cli.conftest import Bitloot
from tests.waiting import until

PARTS = [
    "settings",
    "providers fit",
    "database",
    "schema",
    "connections",
    "pooler",
    "transactions",
    "redis",
    "clock",
    "sweep",
    "orders",
    "notices",
    "console",
    "master keys",
    "backup",
    "store (directory)",
    "mail (directory)",
    "gateway",
    "supplier kinguin",
    "supplier reservations",
    "egress address",
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
    said = bitloot("doctor")
    lines = [line for line in said.out.splitlines() if line[:1].strip()]
    assert said.code == 0
    assert len(lines) == len(PARTS) + 1
    assert "✗" not in said.out


def test_warnings_are_problems_where_that_is_asked_for(bitloot: Bitloot, in_house: House) -> None:
    """The session's Valkey forgets what it has when it restarts."""
    assert not bitloot("doctor", "--json", "--strict").document["ok"]


def test_what_is_away_is_named_and_the_rest_goes_on(environ: dict[str, str]) -> None:
    environ |= {
        "DATABASE_URL": "postgresql://bitloot:pw@127.0.0.1:9/x",
        "REDIS_URL": "redis://:pw@127.0.0.1:9/0",
        "KINGUIN_API_KEY": "",
        "LINK_SECRET": "short",
    }
    findings = {finding.part: finding for finding in examine(load_settings(environ, check=False))}
    assert {part for part, finding in findings.items() if finding.ok} == {
        "providers fit",
        "schema",
        "connections",
        "pooler",
        "transactions",
        "clock",
        "sweep",
        "orders",
        "notices",
        "console",
        "master keys",
        "backup",
        "mail (directory)",
        "supplier kinguin",
        "supplier reservations",
        "egress address",
    }
    assert findings["sweep"].answer == "Not to be seen: the database did not answer."
    assert findings["settings"].answer == "LINK_SECRET must have at least 32 characters."
    assert findings["database"].answer == "Does not answer: OperationalError."
    assert findings["supplier kinguin"].answer == "Off."
    assert all("pw" not in finding.answer for finding in findings.values())


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
    assert findings["database"]["state"] == "problem"
    assert findings["supplier kinguin"]["state"] == "off"


@pytest.mark.usefixtures("nothing_set")
def test_on_a_narrow_terminal_reasons_fold_below_themselves(
    bitloot: Bitloot, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=80, color_system=None, highlight=False)
    monkeypatch.setattr(visit, "screen", lambda: console)
    assert bitloot("doctor").code == 1
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[2].startswith(" " * 24)
