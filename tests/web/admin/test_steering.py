"""Holding, releasing, canceling, refunding and retrying at the edge."""

from __future__ import annotations

import uuid

from falcon.testing import TestClient

from actors import courier
from actors.clear import clear
from actors.reserve import reserve
from bitloot.shop import Shop
from db import AccessRecord
from tests.factories import a_paid_order, again, an_order
from tests.web.cast import admin, buyer, fulfilled_order
from tests.web.conftest import waiting_messages

REASON = {"reason": "the buyer wrote"}


def test_each_act_is_done_recorded_and_handed_on(client: TestClient, shop: Shop) -> None:
    order = a_paid_order()
    for act, status, step in (
        *(("hold", "paid", None), ("release", "paid", None), ("retry", "paid", "reserve")),
        *(("cancel", "refund_due", None), ("refunded", "refunded", None)),
    ):
        done = client.simulate_post(f"/admin/orders/{order.id}/{act}", json=REASON, headers=admin(shop))
        assert done.status_code == 200, done.json
        assert done.json == {"done": True, "orderId": str(order.id), "status": status, "step": step}
    told = [(row.action, row.outcome) for row in AccessRecord.select().order_by(AccessRecord.id)]
    assert told == [(act, "granted") for act in ("hold", "release", "retry", "cancel", "refunded")]
    courier.stop()
    assert waiting_messages(shop, reserve) == [str(order.id)] * 2
    assert len(waiting_messages(shop, clear)) == 1


def test_a_refusal_is_a_sentence_and_recorded(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    for act, code in (("hold", "not_now"), ("release", "not_held"), ("cancel", "delivered")):
        refused = client.simulate_post(f"/admin/orders/{order.id}/{act}", json=REASON, headers=admin(shop))
        assert (refused.status_code, refused.json["code"]) == (409, code)
        assert refused.json["detail"].endswith(".")
    assert [row.outcome for row in AccessRecord.select().order_by(AccessRecord.id)] == [
        *("not_now", "not_held", "delivered")
    ]
    nobody = client.simulate_post(f"/admin/orders/{uuid.uuid4()}/hold", json=REASON, headers=admin(shop))
    assert nobody.status_code == 404


def test_only_those_who_may_act_act(client: TestClient, shop: Shop) -> None:
    order = an_order()
    for act in ("hold", "release", "cancel", "refunded", "retry"):
        for headers, status in ((admin(shop, "read-only"), 403), (buyer(shop, order), 403), ({}, 401)):
            path = f"/admin/orders/{order.id}/{act}"
            assert client.simulate_post(path, json=REASON, headers=headers).status_code == status
    assert again(order).state == "created"
