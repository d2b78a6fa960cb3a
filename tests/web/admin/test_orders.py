"""One order in full, its timeline, its fulfilment."""

from __future__ import annotations

import uuid

from falcon.testing import TestClient

from bitloot.shop import Shop
from tests.web.cast import admin, buyer, fulfilled_order


def test_an_order_is_shown_with_what_may_be_done_and_no_key(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=buyer(shop, order))
    seen = client.simulate_get(f"/admin/orders/{order.id}", headers=admin(shop, "read-only"))
    assert (seen.json["state"], seen.json["hasKeys"], len(seen.json["keys"])) == ("fulfilled", True, 1)
    allowed = {action["name"] for action in seen.json["actions"] if action["allowed"]}
    assert allowed == {"refunded", "revoke", "retry"}
    assert all(action["why"] for action in seen.json["actions"] if not action["allowed"])
    lines = client.simulate_get(f"/admin/orders/{order.id}/fulfillment", headers=admin(shop))
    assert [(line["quantity"], line["keysStored"]) for line in lines.json["lines"]] == [(1, 1)]
    told = client.simulate_get(f"/admin/orders/{order.id}/timeline", headers=admin(shop))
    assert {event["kind"] for event in told.json["data"]} == {"move", "payment", "purchase", "key", "access"}
    assert "AAAAA" not in seen.text + lines.text + told.text
    for path in ("", "/timeline", "/fulfillment"):
        for order_id, headers, status in (
            (order.id, buyer(shop, order), 403),
            (uuid.uuid4(), admin(shop), 404),
        ):
            assert (
                client.simulate_get(f"/admin/orders/{order_id}{path}", headers=headers).status_code == status
            )
