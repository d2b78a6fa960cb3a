"""Shapes of IPNs."""

from __future__ import annotations

import pytest

from web.standins.ipn_variants import EXTRA, SHAPES

BODY = {"payment_id": 7, "order_id": "o", "updated_at": 1_780_000_000_123, "fee": {"currency": "btc"}}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_changes_a_copy(shape: str) -> None:
    before = {**BODY, "fee": dict(BODY["fee"])}  # type: ignore[call-overload]
    assert SHAPES[shape](BODY) != BODY or shape == "nested_fee"
    assert before == BODY


def test_times_are_told_in_the_older_way() -> None:
    assert SHAPES["iso_dates"](BODY)["updated_at"] == "2026-05-28T20:26:40.123Z"


def test_other_notices_are_no_shapes() -> None:
    assert not EXTRA & set(SHAPES)
