"""`bitloot kpi`: figures for people and machines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from db import base
from tests.bitloot.cli.conftest import Bitloot
from tests.factories import a_paid_order
from tests.timeline import stamp
from tests.trading import KINGUIN, RESERVATIONS, Trade


def test_a_shop_without_orders_says_so(bitloot: Bitloot, trade: Trade) -> None:
    assert bitloot("kpi").out == "· No order was paid in the last 7d.\n"


def test_each_phase_has_a_line_and_misses_are_not_hidden(bitloot: Bitloot, trade: Trade) -> None:
    trade.sell((KINGUIN, 1), (RESERVATIONS, 1))
    with base.scope():
        a_paid_order()
    lines = bitloot("kpi", "--since", "1h").out.splitlines()
    [total] = [line.split() for line in lines if line.startswith("payment to key")]
    assert total[-5:] == ["not", "reached", "1", "of", "2"]
    for phase in ("intent", "accepted", "supplier done", "sealed", "mailed", "first reveal"):
        assert [line for line in lines if line.startswith(phase)], phase
    assert [line for line in lines if line.startswith("2 paid, 1 not delivered")]


def test_machines_get_null_for_what_is_not_reached(bitloot: Bitloot, trade: Trade) -> None:
    trade.sell((KINGUIN, 1))
    with base.scope():
        a_paid_order()
    document = bitloot("kpi", "--json").document
    assert (document["orders"], document["missed"]) == (2, 1)
    assert document["states"] == {"fulfilled": 1, "paid": 1}
    assert document["time_to_key"]["p50"] > 0
    assert document["time_to_key"]["p95"] is None
    assert document["within_seconds"]["60"] == 1
    assert [phase["whose"] for phase in document["phases"]] == [
        "ours",
        "both",
        "supplier",
        "ours",
        "ours",
        "buyer",
    ]


def test_only_the_time_that_was_asked_for_counts(bitloot: Bitloot, trade: Trade) -> None:
    with base.scope():
        stamp(a_paid_order(), datetime.now(UTC) - timedelta(hours=2))
    assert bitloot("kpi", "--since", "1h", "--json").document["orders"] == 0
    assert bitloot("kpi", "--since", "3h", "--json").document["orders"] == 1


def test_a_time_that_is_none_or_too_long_is_refused(bitloot: Bitloot, trade: Trade) -> None:
    assert bitloot("kpi", "--since", "soon").code == 2
    assert bitloot("kpi", "--since", "93d").code == 2
