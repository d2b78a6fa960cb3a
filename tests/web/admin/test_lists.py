"""Every list of admins, at the edge."""

from __future__ import annotations

from falcon.testing import TestClient

from bitloot.shop import Shop
from db import Payment
from tests.factories import a_payment, a_product, a_waiting_order, an_order
from tests.web.cast import admin, buyer, fulfilled_order, ipn_body, signed
from tests.web.conftest import Ask
from web.admin.lists import LISTS


def test_purchases_are_listed_newest_first_in_pages(client: TestClient, shop: Shop) -> None:
    made = [a_waiting_order()[1][0] for _ in range(3)]
    first = client.simulate_get("/admin/reservations?limit=2", headers=admin(shop, "read-only")).json
    assert [row["purchaseRef"] for row in first["data"]] == [made[2].purchase_ref, made[1].purchase_ref]
    assert (first["total"], first["totalPages"], first["hasNextPage"]) == (3, 2, True)
    assert first["totalIsLowerBound"] is False
    for onward in ("page=2", f"cursor={first['nextCursor']}"):
        second = client.simulate_get(f"/admin/reservations?limit=2&{onward}", headers=admin(shop)).json
        assert [row["purchaseRef"] for row in second["data"]] == [made[0].purchase_ref]
        assert (second["hasNextPage"], second["nextCursor"]) == (False, None)


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


def test_every_list_and_its_export_answers_to_whoever_may_see_it(
    client: TestClient, shop: Shop, place: Ask
) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111", email="buyer@example.test")
    body = ipn_body(a_payment(an_order()))
    client.simulate_post("/payments/ipn", body=body, headers=signed(shop, body))
    client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=buyer(shop, order))
    for told in LISTS:
        path = f"/admin/{told.listing.name}"
        seen = client.simulate_get(path, headers=admin(shop, "read-only"))
        assert seen.status_code == 200, path
        assert seen.json["total"] == len(seen.json["data"])
        assert "AAAAA" not in seen.text
        for address in (path, f"{path}/export"):
            assert client.simulate_get(address, headers=buyer(shop, order)).status_code == 403
        saved = client.simulate_get(f"{path}/export?format=jsonl", headers=admin(shop))
        own = told.listing.name == "key-audit"  # which tells of its own export as well
        assert len(saved.text.splitlines()) == seen.json["total"] + own
    operator = admin(shop, "operator")
    assert client.simulate_get("/admin/key-audit/export", headers=operator).status_code == 403


def test_an_order_is_found_by_whatever_is_known_of_it(client: TestClient, shop: Shop) -> None:
    order, [purchase] = a_waiting_order()
    payment = Payment.get(Payment.order == order)
    an_order(email="somebody@example.test")
    for text in (
        *(str(order.id), str(order.id)[:9], str(payment.id), payment.gateway_payment_id),
        *(purchase.purchase_ref, purchase.supplier_ref, "BUYER@exam"),
    ):
        found = client.simulate_get("/admin/orders", params={"q": text}, headers=admin(shop)).json
        assert [row["id"] for row in found["data"]] == [str(order.id)], text
    [row] = found["data"]
    assert (row["state"], row["paymentState"], row["openCases"]) == ("waiting", "finished", 0)
    assert row["items"] == [{"name": "A game from kinguin", "quantity": 1}]
    for text in ("%%@", "_____", "nobody's"):
        assert (
            client.simulate_get("/admin/orders", params={"q": text}, headers=admin(shop)).json["data"] == []
        )
