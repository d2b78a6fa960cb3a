"""GET /admin/key-audit/{orderId}."""

from __future__ import annotations

from falcon.testing import TestClient

from bitloot.shop import Shop
from tests.web.cast import admin, buyer, fulfilled_order


def test_every_look_is_listed_as_it_happened(client: TestClient, shop: Shop) -> None:
    order, other = fulfilled_order(shop, b"AAAAA-11111"), fulfilled_order(shop, b"BBBBB-22222")
    for viewer in (buyer(shop, other), buyer(shop, order), admin(shop)):
        client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=viewer)
    seen = client.simulate_get(f"/admin/key-audit/{order.id}", headers=admin(shop, "read-only")).json
    assert [(row["actor"], row["outcome"]) for row in seen["data"]] == [
        ("buyer", "refused"),
        ("buyer", "granted"),
        ("admin:olga", "refused"),
    ]
    assert "AAAAA" not in str(seen)
    path = f"/admin/key-audit/{order.id}?outcome=granted"
    assert client.simulate_get(path, headers=admin(shop)).json["total"] == 1
