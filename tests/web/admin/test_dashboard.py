"""The whole shop on one screen."""

from __future__ import annotations

from falcon.testing import TestClient

from bitloot.shop import Shop
from db import open_case
from tests.factories import a_paid_order, an_order
from tests.web.cast import admin, buyer


def test_the_shop_is_told_on_one_screen(client: TestClient, shop: Shop) -> None:
    order = a_paid_order()
    open_case(order.id, "x", "late", {})
    seen = client.simulate_get("/admin/dashboard", headers=admin(shop, "read-only")).json
    assert (seen["orders"], seen["casesOpen"], seen["alarms"]) == ({"paid": 1}, 1, [])
    assert seen["moneyHeld"] == [{"currency": "eur", "amount": "20.00", "orders": 1}]
    balances = {one["supplier"]: (one["currency"], one["problem"]) for one in seen["balances"]}
    assert balances == {"kinguin": ("eur", None), "reservations": (None, "not_told")}
    assert {word["source"] for word in seen["lastNotices"]} == {"nowpayments", "kinguin", "reservations"}
    assert client.simulate_get("/admin/dashboard", headers=buyer(shop, an_order())).status_code == 403
