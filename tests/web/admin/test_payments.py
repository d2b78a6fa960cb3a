"""One payment with its notices."""

from __future__ import annotations

import uuid

from falcon.testing import TestClient

from bitloot.shop import Shop
from tests.factories import a_payment, an_order
from tests.web.cast import admin, ipn_body, signed


def test_a_payment_is_shown_with_its_notices(client: TestClient, shop: Shop) -> None:
    payment = a_payment(an_order())
    for status in ("confirming", "finished"):
        body = ipn_body(payment, status)
        client.simulate_post("/payments/ipn", body=body, headers=signed(shop, body))
    seen = client.simulate_get(f"/admin/payments/{payment.id}", headers=admin(shop, "read-only")).json
    assert (seen["state"], seen["orderState"]) == ("finished", "paid")
    assert [notice["event"] for notice in seen["notices"]] == ["finished", "confirming"]
    assert client.simulate_get(f"/admin/payments/{uuid.uuid4()}", headers=admin(shop)).status_code == 404
