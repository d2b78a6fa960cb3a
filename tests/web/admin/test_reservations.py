"""GET /admin/reservations."""

from __future__ import annotations

from falcon.testing import TestClient

from bitloot.shop import Shop
from tests.factories import a_product, a_waiting_order
from tests.web.cast import admin


def test_purchases_are_listed_newest_first_in_pages(client: TestClient, shop: Shop) -> None:
    made = [a_waiting_order()[1][0] for _ in range(3)]
    first = client.simulate_get("/admin/reservations?limit=2", headers=admin(shop, "read-only")).json
    assert [row["purchaseRef"] for row in first["data"]] == [made[2].purchase_ref, made[1].purchase_ref]
    assert (first["total"], first["totalPages"], first["hasNextPage"]) == (3, 2, True)
    second = client.simulate_get("/admin/reservations?limit=2&page=2", headers=admin(shop)).json
    assert [row["purchaseRef"] for row in second["data"]] == [made[0].purchase_ref]
    assert second["hasNextPage"] is False


def test_filters_narrow_the_list(client: TestClient, shop: Shop) -> None:
    order, [purchase] = a_waiting_order((a_product("kinguin"), 1))
    a_waiting_order((a_product("reservations"), 1))
    for text in (
        "supplier=kinguin",
        f"orderId={order.id}",
        f"reference={purchase.supplier_ref}",
        f"reference={purchase.purchase_ref}",
    ):
        found = client.simulate_get(f"/admin/reservations?{text}", headers=admin(shop)).json
        assert [row["id"] for row in found["data"]] == [str(purchase.id)], text
    assert client.simulate_get("/admin/reservations?state=stored", headers=admin(shop)).json["total"] == 0
