"""Metrics: named as documented, one set per relay."""

from __future__ import annotations

from pathlib import Path

from web.relay.metrics import Metrics

DOCUMENT = Path(__file__).parents[3] / "docs" / "relay.md"


def test_every_metric_is_documented() -> None:
    names = {family.name for family in Metrics().registry.collect()}
    text = DOCUMENT.read_text()
    assert len(names) > 8
    assert [name for name in sorted(names) if f"`{name}" not in text] == []


def test_two_relays_count_apart() -> None:
    one, two = Metrics(), Metrics()
    one.moves.inc()
    assert "bitloot_relay_moves_total 1.0" in one.text()
    assert "bitloot_relay_moves_total 0.0" in two.text()
