"""GET /orders/{id}/receipt and /receipts/public-key."""

from __future__ import annotations

import uuid

from falcon.testing import TestClient

from bitloot.receipts import check_receipt
from bitloot.shop import Shop
from db.audit import records
from tests.factories import an_order
from tests.web.cast import admin, buyer, fulfilled_order


def test_a_buyer_gets_a_receipt_that_the_public_key_proves(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=buyer(shop, order))
    said = client.simulate_get(f"/orders/{order.id}/receipt", headers=buyer(shop, order))
    keys = client.simulate_get("/receipts/public-key").json["keys"]
    found = check_receipt(said.text, {key["number"]: key["publicKey"] for key in keys})
    assert [reveal["outcome"] for reveal in found["reveals"]] == ["granted"]
    assert "AAAAA" not in said.text
    assert [record.action for record in records(order.id)] == ["reveal", "receipt"]


def test_strangers_and_the_unpaid_get_none(client: TestClient, shop: Shop) -> None:
    order, other = fulfilled_order(shop, b"AAAAA-11111"), an_order()
    path = f"/orders/{order.id}/receipt"
    assert client.simulate_get(path, headers=buyer(shop, other)).status_code == 404
    assert client.simulate_get(path).status_code == 401
    assert client.simulate_get(f"/orders/{other.id}/receipt", headers=admin(shop)).status_code == 404
    assert client.simulate_get(f"/orders/{uuid.uuid4()}/receipt", headers=admin(shop)).status_code == 404
