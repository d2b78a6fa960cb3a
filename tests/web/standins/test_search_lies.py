"""What a search may answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from web.standins.answers import iso
from web.standins.faults import Faults
from web.standins.search_lies import answer


def shape(number: int) -> dict[str, Any]:
    created = iso(datetime.now(UTC))
    return {
        "orderId": f"P{number}",
        "orderExternalId": "BL-1",
        "kinguinOrderId": number,
        "createdAt": created,
    }


def test_without_a_lie_the_truth_is_told() -> None:
    assert [order["orderId"] for order in answer(Faults(), "", [shape(1)], list)] == ["P1"]


def test_a_lie_about_nothing_is_no_bite() -> None:
    faults = Faults()
    for name in ("search_lags", "search_empty", "search_twice"):
        faults.add({"name": name})
    assert answer(faults, "", [], list) == []
    assert [rule["bitten"] for rule in faults.rows()] == [0, 0, 0]


def test_an_old_order_does_not_lag() -> None:
    faults = Faults()
    faults.add({"name": "search_lags", "seconds": 60})
    old = shape(1) | {"createdAt": "2026-01-02T03:04:05.678+00:00"}
    assert answer(faults, "", [shape(2), old], list) == [old]


def test_strangers_come_beside_ours_or_instead() -> None:
    faults = Faults()
    faults.add({"name": "search_strangers", "only": False})
    other = shape(9) | {"orderExternalId": "BL-9"}
    told = answer(faults, "", [shape(1)], lambda: [shape(1), other])
    assert [order["orderId"] for order in told[1:]] == ["P9", "P1"]
    faults.clear()
    faults.add({"name": "search_strangers", "only": True})
    told = answer(faults, "", [shape(1)], lambda: [shape(1), other])
    assert [order["orderId"] for order in told[1:]] == ["P9"]
