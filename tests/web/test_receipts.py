"""GET /orders/{id}/receipt and /receipts/public-key."""

from __future__ import annotations

import uuid

from falcon.testing import TestClient

from bitloot.receipts import check_receipt
from bitloot.shop import Shop
from db.audit import records
from db.rights import give_right_anew
from tests.factories import an_order
from tests.web.cast import admin, bearer, buyer, fulfilled_order
from tests.web.conftest import settled


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


def test_a_link_that_a_newer_one_ended_gets_none(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    old = buyer(shop, order)
    assert give_right_anew(order.id) == 2
    refused = client.simulate_get(f"/orders/{order.id}/receipt", headers=old)
    assert (refused.status_code, refused.json["code"]) == (401, "ended_right")
    assert list(records(order.id)) == []
    new = bearer(shop.tokens.buyer(order.id, generation=2))
    assert client.simulate_get(f"/orders/{order.id}/receipt", headers=new).status_code == 200


def test_nobody_fills_the_records_with_receipts(shop: Shop) -> None:
    client = settled(shop, tries_per_address=2)
    order = fulfilled_order(shop, b"AAAAA-11111")
    path = f"/orders/{order.id}/receipt"
    asked = [client.simulate_get(path, headers=buyer(shop, order)).status_code for _ in range(4)]
    assert asked == [200, 200, 429, 429]
    assert len(list(records(order.id))) == 2
