"""One look at one key or at all of them: counted by key, recorded by key."""

from __future__ import annotations

from typing import Any

import pytest
from falcon.testing import Result, TestClient

from bitloot.shop import Shop
from db import AccessRecord, Order
from db.rights import right_of
from tests.web.cast import buyer, fulfilled_order
from tests.web.conftest import settled


def look(client: TestClient, shop: Shop, order: Order, path: str = "reveal", /, **which: Any) -> Result:
    return client.simulate_post(
        f"/fulfillment/{order.id}/{path}", headers=buyer(shop, order), params=which or None
    )


def test_a_single_key_is_shown_and_recorded_as_that_one(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111", b"BBBBB-22222")
    shown = [look(client, shop, order, line=1, number=number).json["keys"] for number in (1, 2)]
    assert [(key["line"], key["number"]) for [key] in shown] == [(1, 1), (1, 2)]
    assert {key["key"] for [key] in shown} == {"AAAAA-11111", "BBBBB-22222"}
    recorded = [record.details["keys"] for record in AccessRecord.select().order_by(AccessRecord.id)]
    assert [len(keys) for keys in recorded] == [1, 1]
    assert recorded[0] != recorded[1]


def test_a_key_that_is_not_there_is_told_and_costs_nothing(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    for which in ({"line": 1, "number": 2}, {"line": 2, "number": 1}):
        answer = look(client, shop, order, **which)
        assert (answer.status_code, answer.json["code"]) == (404, "no_such_key")
    assert [record.outcome for record in AccessRecord.select()] == ["refused", "refused"]
    assert right_of(order.id).reveals == 0


@pytest.mark.parametrize(
    "which", [{"line": 1}, {"number": 1}, {"line": 0, "number": 1}, {"line": "x"}, {"key": 1}]
)
def test_half_a_name_of_a_key_is_none(client: TestClient, shop: Shop, which: dict[str, Any]) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    assert look(client, shop, order, **which).status_code == 422
    assert AccessRecord.select().count() == 0


def test_each_key_may_be_shown_as_often_as_the_limit_says(shop: Shop) -> None:
    client = settled(shop, reveal_limit=2)
    order = fulfilled_order(shop, b"AAAAA-11111", b"BBBBB-22222")
    assert look(client, shop, order).status_code == 200
    one_by_one = [look(client, shop, order, path, line=1, number=1) for path in ("grant", "reveal", "grant")]
    assert [answer.status_code for answer in one_by_one] == [200, 200, 403]
    assert right_of(order.id).reveals == 4
