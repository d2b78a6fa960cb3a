"""A call that goes by no HTTP client of ours passes the same gate."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bitloot.errors import Ambiguous, BitLootError, Blocked, Closed, Permanent, Retryable
from bitloot.passage import passing
from bitloot.traffic import LocalTraffic, Rules
from bitloot.turnstile import Turnstile


@pytest.fixture
def gate() -> Turnstile:
    return Turnstile("smtp", Rules(threshold=2, window=60, pause=60, blocked_pause=60), LocalTraffic())


def ends(gate: Turnstile | None, error: BitLootError | None = None) -> BitLootError | None:
    """What a call that ends like this raises."""
    try:
        with passing("smtp", gate, "POST", frozenset({"greylisted"})):
            if error is not None:
                raise error
    except BitLootError as raised:
        return raised
    return None


def test_without_a_gate_everything_passes() -> None:
    away = Retryable("away")
    assert [ends(None, away) for _ in range(9)] == [away] * 9
    assert ends(None) is None


@pytest.mark.parametrize("kind", [Retryable, Ambiguous])
def test_failures_in_a_row_shut_the_gate(gate: Turnstile, kind: Callable[[str], BitLootError]) -> None:
    for _ in range(2):
        assert not isinstance(ends(gate, kind("no word")), Closed)
    assert isinstance(ends(gate), Closed)


@pytest.mark.parametrize(
    "answer", [None, Permanent("refused"), Retryable("later", code="greylisted")], ids=lambda item: str(item)
)
def test_whoever_answers_is_well(gate: Turnstile, answer: BitLootError | None) -> None:
    for _ in range(3):
        ends(gate, Retryable("away"))
        ends(gate, answer)
    assert ends(gate) is None


def test_a_refused_account_shuts_it_at_once(gate: Turnstile) -> None:
    ends(gate, Blocked("no", code="smtp_denied"))
    refusal = ends(gate)
    assert isinstance(refusal, Blocked)
    assert refusal.code == "smtp_denied"


def test_what_dies_on_the_way_says_nothing_about_the_provider(gate: Turnstile) -> None:
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt), passing("smtp", gate, "POST"):
            raise KeyboardInterrupt
    assert ends(gate) is None
