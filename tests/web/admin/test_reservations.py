"""One purchase, and the supplier's word on it when asked."""

from __future__ import annotations

import uuid

from falcon.testing import TestClient

from bitloot.shop import Shop
from tests.factories import a_waiting_order
from tests.web.cast import admin


def test_a_purchase_is_shown_and_its_supplier_asked_only_on_request(client: TestClient, shop: Shop) -> None:
    _, [purchase] = a_waiting_order()
    path = f"/admin/reservations/{purchase.id}"
    seen = client.simulate_get(path, headers=admin(shop, "read-only")).json
    assert (seen["supplierRef"], seen["live"]) == (purchase.supplier_ref, None)
    assert [step["dst"] for step in seen["steps"]] == ["intent", "sending", "placed", "waiting"]
    asked = client.simulate_get(f"{path}?live=true", headers=admin(shop)).json["live"]
    assert (asked["status"], asked["problem"]) == (None, "order_not_found")  # the stand-in never sold it
    assert client.simulate_get(f"{path}?live=maybe", headers=admin(shop)).status_code == 422
    assert client.simulate_get(f"/admin/reservations/{uuid.uuid4()}", headers=admin(shop)).status_code == 404
