"""Whether the settings fit each other."""

from __future__ import annotations

import pytest

from bitloot.cli.doctor.finding import State
from bitloot.cli.doctor.safety import check_providers_fit, check_settings
from bitloot.settings import load_settings
from tests.bitloot.test_settings import SAFE

SANDBOX = {"NOWPAYMENTS_BASE_URL": "https://api-sandbox.nowpayments.io/v1"}
TOYS = {"KINGUIN_BASE_URL": "https://gateway.sandbox.kinguin.net/esa/api"}


def test_unsafe_settings_are_told_one_by_one() -> None:
    assert check_settings(load_settings(SAFE)).answer == "Safe for production."
    said = check_settings(load_settings(SAFE | {"LINK_SECRET": "x", "MASTER_KEYS": ""}, check=False))
    assert said.state is State.PROBLEM
    assert said.answer.splitlines()[0] == "2 are missing or not safe:"


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        ({}, State.OK, "Live, and all of them."),
        (SANDBOX | TOYS, State.OK, "Play among themselves."),
        (SANDBOX, State.PROBLEM, "play money would buy real keys"),
        (TOYS, State.PROBLEM, "buyers would pay for nothing"),
        ({"PUBLIC_URL": "https://localhost"}, State.WARNING, "no notice will come"),
        ({"PUBLIC_URL": "https://10.0.0.7"}, State.WARNING, "no notice will come"),
    ],
)
def test_play_and_live_do_not_mix(change: dict[str, str], state: State, words: str) -> None:
    said = check_providers_fit(load_settings(SAFE | change))
    assert said.state is state
    assert words in said.answer
