"""What a process counts; that every name is explained is tested by tests/web/test_metrics.py."""

from __future__ import annotations

from bitloot.figures import REGISTRY


def test_nothing_of_pythons_own_is_counted() -> None:
    assert {metric.name.partition("_")[0] for metric in REGISTRY.collect()} == {"bitloot"}
