"""Calls that hang do not hang whoever asked."""

from __future__ import annotations

import threading

import pytest

from web.patience import Patience, TooSlow


def test_an_answer_in_time_is_handed_on() -> None:
    assert Patience(at_once=1, seconds=5).ask(lambda: 7) == 7


def test_an_error_is_raised_for_the_asker() -> None:
    with pytest.raises(ZeroDivisionError):
        Patience(at_once=1, seconds=5).ask(lambda: 1 / 0)


def test_a_call_that_hangs_is_given_up_and_keeps_its_place() -> None:
    go = threading.Event()
    patience = Patience(at_once=1, seconds=0.05)
    with pytest.raises(TooSlow):
        patience.ask(go.wait)
    with pytest.raises(TooSlow):  # at once: the only place is taken
        patience.ask(lambda: 7)
    go.set()
    assert _eventually(patience) == 7


def _eventually(patience: Patience) -> int:
    for _ in range(1000):
        try:
            return patience.ask(lambda: 7)
        except TooSlow:
            threading.Event().wait(0.005)
    raise AssertionError("the place never became free")
