"""`bitloot replay`: tells first, then runs again."""

from __future__ import annotations

import uuid

import pytest

from actors.replay import replay
from bitloot.settings import load_settings
from db import Order, Replay, base
from tests.bitloot.cli.conftest import Bitloot
from tests.bitloot.cli.test_notices import lost

__all__ = ["lost"]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(replay, "send", lambda *ids: found.extend(ids))
    return found


def runs(environ: dict[str, str]) -> list[Replay]:
    base.configure(load_settings(environ), application="tests")
    with base.scope():
        assert [order.seq for order in Order.select()] == [1]
        found = list(Replay.select())
    base.dispose()
    return found


def test_a_dry_run_tells_what_would_change(
    bitloot: Bitloot, lost: str, in_environ: dict[str, str], sent: list[str]
) -> None:
    told = bitloot("replay", lost, "--dry-run", "--json").document
    assert (told["count"], told["replays"][0]["change"]) == (1, "created → paid")
    out = bitloot("replay", "--source", "nowpayments", "--dry-run").out
    assert "created → paid" in out
    assert "1 of the first 1 would change something" in out
    assert (runs(in_environ), sent) == ([], [])


def test_one_notice_runs_again_and_it_is_kept_who_wanted_it(
    bitloot: Bitloot, lost: str, in_environ: dict[str, str], sent: list[str]
) -> None:
    told = bitloot("replay", lost, "--reason", "it was lost", "--by", "olga", "--json")
    assert told.document == {"count": 1, "queued": True}
    [run] = runs(in_environ)
    assert (str(run.notice_id), run.actor, run.reason, sent) == (
        lost,
        "cli:olga",
        "it was lost",
        [str(run.id)],
    )


def test_many_are_counted_and_written_down_for_sweep(
    bitloot: Bitloot, lost: str, in_environ: dict[str, str], sent: list[str]
) -> None:
    told = bitloot("replay", "--outcome", "unknown", "--reason", "they were lost", "--yes")
    assert (told.code, "1 will run again" in told.out) == (0, True)
    assert (len(runs(in_environ)), sent) == (1, [])
    assert "No notice is found" in bitloot("replay", "--outcome", "moved", "--reason", "none there").out


def test_it_must_be_said_which_and_why(bitloot: Bitloot, lost: str) -> None:
    assert bitloot("replay", "--reason", "all of them?").code == 2
    assert bitloot("replay", lost, "--source", "nowpayments", "--dry-run").code == 2
    assert bitloot("replay", lost).code == 2
    assert bitloot("replay", str(uuid.uuid4()), "--dry-run").code == 1
