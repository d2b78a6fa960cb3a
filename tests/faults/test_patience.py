"""What other work takes from the processors does not count; what our own processes take does."""

from __future__ import annotations

import itertools

import pytest

from tests.faults.patience import Machine, Patience, until, while_it_grows


class Processors:
    """Two processors of which others take a part. All in ticks of a hundredth of a second."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds, self.total, self.busy, self.ours = 100.0, 5_000, 3_000, 700
        monkeypatch.setattr("tests.faults.patience._processors", lambda: (self.total, self.busy))
        monkeypatch.setattr("tests.faults.patience._ticks", lambda pid: ((pid, "7"), self.ours))
        monkeypatch.setattr("tests.faults.patience.descendants", lambda _: [])
        monkeypatch.setattr("tests.faults.patience.time.monotonic", lambda: self.seconds)

    def work(self, seconds: float, *, ours: float, others: float) -> None:
        """`ours` and `others`: how many processors each of us kept busy."""
        self.seconds += seconds
        self.total += int(200 * seconds)
        self.ours += int(100 * seconds * ours)
        self.busy += int(100 * seconds * (ours + others))


def test_a_machine_of_our_own_counts_whole_seconds_however_busy_we_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processors = Processors(monkeypatch)
    patience = Patience(Machine())
    processors.work(10, ours=2, others=0)
    processors.work(10, ours=0, others=0)
    assert patience.spent() == pytest.approx(20)
    assert patience.share == pytest.approx(1)


def test_what_others_take_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    processors = Processors(monkeypatch)
    patience = Patience(Machine())
    processors.work(10, ours=0.5, others=1.5)
    assert patience.spent() == pytest.approx(2.5)
    processors.work(10, ours=1, others=1)
    assert patience.spent() == pytest.approx(7.5)
    assert patience.share == pytest.approx(7.5 / 20)


def test_a_wait_of_the_past_is_told_by_what_was_left_for_us_then(monkeypatch: pytest.MonkeyPatch) -> None:
    processors = Processors(monkeypatch)
    monkeypatch.setattr("tests.faults.patience.time.time", lambda: 1_000_000 + processors.seconds)
    machine = Machine()
    for others in (0.0, 1.0, 0.0):
        processors.work(10, ours=1, others=others)
        machine.own()
    assert machine.between(1_000_105, 1_000_125) == pytest.approx(5 + 5 + 5)
    assert machine.between(1_000_110, 1_000_120) == pytest.approx(5)


def test_a_wait_ends_though_nothing_is_left_for_us(monkeypatch: pytest.MonkeyPatch) -> None:
    processors = Processors(monkeypatch)
    patience = Patience(Machine())
    processors.work(100, ours=0, others=2)
    assert patience.spent() == pytest.approx(4)


def test_more_and_more_at_rest_may_take_long_and_a_standstill_may_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processors, figures = Processors(monkeypatch), iter([1, 2, 2, 3, 3, 3, 3])
    monkeypatch.setattr("tests.faults.patience.MACHINE", Machine())
    monkeypatch.setattr("tests.faults.patience.time.sleep", lambda _: processors.work(4, ours=2, others=0))
    assert while_it_grows(lambda: next(figures), 4, seconds=10) == pytest.approx(6 * 4)
    assert while_it_grows(itertools.count().__next__, 9_999, seconds=10) == pytest.approx(100)


def test_a_condition_that_never_holds_fails_by_name() -> None:
    with pytest.raises(AssertionError, match="the moon did not hold within 0 s"):
        until(lambda: False, seconds=0, what="the moon")
