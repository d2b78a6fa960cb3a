"""`bitloot actors`: every policy on one screen."""

from __future__ import annotations

from actors.policy import POLICIES
from tests.bitloot.cli.conftest import Bitloot


def test_every_step_is_shown_with_its_policy(bitloot: Bitloot, in_environ: dict[str, str]) -> None:
    told = bitloot("actors")
    assert told.code == 0
    assert all(name in told.out for name in POLICIES)
    assert "Jitter" in told.out


def test_machines_read_it_too(bitloot: Bitloot, in_environ: dict[str, str]) -> None:
    document = bitloot("actors", "--json").document
    steps = {row["actor"]: row for row in document["actors"]}
    assert set(steps) == set(POLICIES)
    assert steps["notify"]["max_age"] < 24 * 3600
    assert steps["reserve"]["works_on"] == ["paid"]
    assert (steps["reserve"]["repeats"], steps["reserve"]["first"], steps["reserve"]["largest"]) == (5, 2, 32)
    assert steps["reserve"]["retried"] == ["Retryable"]
    assert {row["provider"] for row in document["providers"]} >= {"kinguin", "nowpayments", "resend"}
