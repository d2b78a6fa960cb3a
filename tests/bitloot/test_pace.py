"""The pace of what is done again and again: at once after a quiet while, else a while after the last."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from bitloot import pace
from bitloot.pace import Pace


def test_beginnings_are_apart_and_a_quiet_while_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now, slept = [100.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(pace, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    kept = Pace(2.0)
    kept.begin()
    now[0] += 0.5
    kept.begin()
    now[0] += 7.0
    kept.begin()
    assert slept == [0, 1.5, 0]
