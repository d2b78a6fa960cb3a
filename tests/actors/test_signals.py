"""A worker that is told twice to stop drains; one that is told again later ends."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from actors.signals import ECHO, hear_once


@pytest.fixture
def heard() -> Iterator[list[int]]:
    words: list[int] = []
    before = signal.signal(signal.SIGUSR2, lambda number, _frame: words.append(number))
    yield words
    signal.signal(signal.SIGUSR2, before)


def test_an_echo_is_not_a_second_word(heard: list[int]) -> None:
    now = [100.0]
    hear_once(signal.SIGUSR2, clock=lambda: now[0])
    signal.raise_signal(signal.SIGUSR2)
    now[0] += ECHO / 2
    signal.raise_signal(signal.SIGUSR2)
    assert len(heard) == 1
    now[0] += ECHO
    signal.raise_signal(signal.SIGUSR2)
    assert len(heard) == 2


def test_what_nobody_handles_stays_so() -> None:
    assert signal.getsignal(signal.SIGUSR2) is signal.SIG_DFL
    hear_once(signal.SIGUSR2)
    assert signal.getsignal(signal.SIGUSR2) is signal.SIG_DFL
