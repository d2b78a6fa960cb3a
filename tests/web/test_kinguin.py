"""Kinguin's webhooks are hints; its status is for admins."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import requests
from falcon.testing import TestClient

from actors import courier
from actors.finalize import finalize
from actors.reserve import reserve
from bitloot.shop import Shop
from bitloot.states import OrderState, PurchaseState
from db import Notice, Purchase, base
from tests.factories import a_paid_order, a_product, a_waiting_order, again, intend
from tests.web.cast import JSON, admin, bearer, buyer, fulfilled_order, kinguin_headers
from tests.web.conftest import waiting_messages
from web.standins.server import RunningStandins


def webhook(purchase: Purchase, **fields: Any) -> bytes:
    told = {
        "orderId": purchase.supplier_ref,
        "orderExternalId": purchase.purchase_ref,
        "status": "completed",
        "updatedAt": "2026-10-16T11:24:08+00:00",
    }
    return json.dumps(told | fields).encode()


def test_a_true_webhook_is_kept_and_wakes_the_worker(client: TestClient, shop: Shop) -> None:
    order, [purchase] = a_waiting_order()
    answer = client.simulate_post("/kinguin/webhooks", body=webhook(purchase), headers=kinguin_headers(shop))
    assert (answer.status_code, answer.text) == (204, "")
    [notice] = Notice.select()
    assert (notice.source, notice.outcome, notice.order_id) == ("kinguin", "matched", order.id)
    courier.stop()
    assert waiting_messages(shop, finalize) == [str(order.id)]
    assert again(order).state is OrderState.WAITING


def test_the_same_webhook_five_times_is_one_message(client: TestClient, shop: Shop) -> None:
    order, [purchase] = a_waiting_order()
    for _ in range(5):
        answer = client.simulate_post(
            "/kinguin/webhooks", body=webhook(purchase), headers=kinguin_headers(shop)
        )
        assert answer.status_code == 204
    [notice] = Notice.select()
    assert notice.repeats == 4
    courier.stop()
    assert waiting_messages(shop, finalize) == [str(order.id)]


def test_a_webhook_about_a_purchase_in_doubt_wakes_the_step_that_looks(
    client: TestClient, shop: Shop
) -> None:
    order = a_paid_order()
    purchase = intend(order)[0]
    purchase.start_call(PurchaseState.SENDING, 60)
    purchase.doubt((900.0,), note="timeout")
    order.look_again(900)
    body = webhook(purchase, orderId="P1234567890")
    assert (
        client.simulate_post("/kinguin/webhooks", body=body, headers=kinguin_headers(shop)).status_code == 204
    )
    courier.stop()
    assert waiting_messages(shop, reserve) == [str(order.id)]
    assert waiting_messages(shop, finalize) == []
    assert base.rows("SELECT due_at <= now() FROM orders") == [(True,)]  # a lost message costs a sweep
    assert Purchase.get().state is PurchaseState.AMBIGUOUS  # and nothing moved by what it says


def test_a_forged_webhook_about_a_purchase_in_doubt_makes_nothing_due(client: TestClient, shop: Shop) -> None:
    order = a_paid_order()
    purchase = intend(order)[0]
    purchase.start_call(PurchaseState.SENDING, 60)
    purchase.doubt((900.0,), note="timeout")
    order.look_again(900)
    forged = JSON | {"X-Event-Name": "order.status", "X-Event-Secret": "wrong"}
    body = webhook(purchase, orderId="P1234567890")
    assert client.simulate_post("/kinguin/webhooks", body=body, headers=forged).status_code == 401
    courier.stop()
    assert waiting_messages(shop, reserve) == []
    assert base.rows("SELECT due_at > now() FROM orders") == [(True,)]


def test_a_webhook_about_a_fulfilled_order_wakes_nobody(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    purchase = Purchase.get()
    answer = client.simulate_post("/kinguin/webhooks", body=webhook(purchase), headers=kinguin_headers(shop))
    assert answer.status_code == 204
    ended = webhook(purchase, status="refunded", updatedAt="2026-10-17T11:24:08+00:00")
    client.simulate_post("/kinguin/webhooks", body=ended, headers=kinguin_headers(shop))
    courier.stop()
    assert waiting_messages(shop, finalize) == [str(order.id)]  # one for the refund, none for the delivery


def test_a_webhook_about_nothing_of_ours_is_kept_and_answered(client: TestClient, shop: Shop) -> None:
    _, [purchase] = a_waiting_order()
    body = webhook(purchase, orderId="SOMEBODY", orderExternalId="ELSE")
    answer = client.simulate_post("/kinguin/webhooks", body=body, headers=kinguin_headers(shop))
    assert answer.status_code == 204
    assert Notice.get().outcome == "unmatched"
    courier.stop()
    assert waiting_messages(shop, finalize) == []


def test_a_product_update_is_kept_as_ignored(client: TestClient, shop: Shop) -> None:
    body = json.dumps({"kinguinId": 1, "productId": "5c9b", "qty": 3, "updatedAt": "2026-10-16T11:24:08Z"})
    headers = kinguin_headers(shop, "product.update")
    assert client.simulate_post("/kinguin/webhooks", body=body, headers=headers).status_code == 204
    assert Notice.get().outcome == "ignored"


def test_a_wrong_secret_changes_nothing(client: TestClient, shop: Shop) -> None:
    _, [purchase] = a_waiting_order()
    for headers in (
        JSON,
        JSON | {"X-Event-Name": "order.status", "X-Event-Secret": "wrong"},
        JSON | {"X-Event-Name": "order.status", "X-Event-Secret": ""},
        JSON | {"X-KINGUIN-SIGNATURE": "00" * 64},
        JSON | {"X-Auth-Token": "wrong"},
    ):
        answer = client.simulate_post("/kinguin/webhooks", body=webhook(purchase), headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert Notice.select().count() == 0


def test_a_reservation_webhook_proves_itself_by_hmac(client: TestClient, shop: Shop) -> None:
    order, [purchase] = a_waiting_order((a_product("reservations"), 1))
    told = {"event": "reservation.delivered", "status": "delivered", "reservationId": purchase.supplier_ref}
    body = json.dumps(told | {"orderId": purchase.purchase_ref}).encode()
    secret = shop.settings.reservations_webhook_secret.get_secret_value().encode()
    proof = hmac.digest(secret, body, hashlib.sha512).hex()
    headers = JSON | {"X-KINGUIN-SIGNATURE": proof}
    assert client.simulate_post("/kinguin/webhooks", body=body, headers=headers).status_code == 204
    assert Notice.get().order_id == order.id
    forged = JSON | {"X-KINGUIN-SIGNATURE": "00" * 64}
    assert client.simulate_post("/kinguin/webhooks", body=body, headers=forged).status_code == 401


def test_a_webhook_with_a_key_in_it_is_kept_sealed(client: TestClient, shop: Shop) -> None:
    _, [purchase] = a_waiting_order((a_product("reservations"), 1))
    told = {"event": "reservation.delivered", "status": "delivered", "reservationId": purchase.supplier_ref}
    body = json.dumps(told | {"key": "BLKEY-0123456789"}).encode()
    secret = shop.settings.reservations_webhook_secret.get_secret_value().encode()
    headers = JSON | {"X-KINGUIN-SIGNATURE": hmac.digest(secret, body, hashlib.sha512).hex()}
    assert client.simulate_post("/kinguin/webhooks", body=body, headers=headers).status_code == 204
    assert b"BLKEY" not in bytes(Notice.get().body or b"")


def test_an_admin_sees_where_a_reservation_stands_here_and_there(
    client: TestClient, shop: Shop, standins: RunningStandins
) -> None:
    from bitloot.suppliers.base import Wanted

    order, [purchase] = a_waiting_order()
    sku = next(row for row in _catalog() if row["supplier"] == "kinguin")
    from decimal import Decimal

    placed = shop.suppliers["kinguin"].begin(
        purchase.purchase_ref, Wanted(sku["supplier_ref"], 1, Decimal(sku["max_price"]), "eur")
    )
    Purchase.update(supplier_ref=placed.supplier_ref).where(Purchase.id == purchase.id).execute()
    seen = client.simulate_get(f"/kinguin/status/{placed.supplier_ref}", headers=admin(shop, "read-only"))
    assert seen.status_code == 200
    assert seen.json["purchases"][0]["orderId"] == str(order.id)
    assert seen.json["live"]["status"] in {"pending", "delivered"}
    assert seen.json["live"]["error"] is None


def _catalog() -> list[dict[str, str]]:
    from web.standins import catalog_rows

    return catalog_rows()


def test_a_supplier_that_does_not_answer_is_said_so(
    client: TestClient, shop: Shop, standins: RunningStandins
) -> None:
    _, [purchase] = a_waiting_order()
    rule = {"point": "kinguin.read_order", "kind": "drop_before_effect", "count": None}
    assert requests.post(f"{standins.control_url}/faults", json=rule, timeout=5).ok
    seen = client.simulate_get(f"/kinguin/status/{purchase.supplier_ref}", headers=admin(shop))
    assert seen.status_code == 200
    assert seen.json["live"]["error"]


def test_the_status_is_for_admins(client: TestClient, shop: Shop) -> None:
    order, [purchase] = a_waiting_order()
    path = f"/kinguin/status/{purchase.supplier_ref}"
    assert client.simulate_get(path).status_code == 401
    assert client.simulate_get(path, headers=buyer(shop, order)).status_code == 403
    assert client.simulate_get(path, headers=bearer("no.token.atall")).status_code == 401
    assert client.simulate_get("/kinguin/status/unknown", headers=admin(shop)).status_code == 404


def test_an_older_word_about_an_order_comes_late_and_wakes_nobody(client: TestClient, shop: Shop) -> None:
    order, [purchase] = a_waiting_order()
    outcomes = []
    for second in (5, 3):
        told = {
            "orderId": purchase.supplier_ref,
            "status": "completed" if second == 5 else "processing",
            "updatedAt": f"2026-01-02T03:04:0{second}.000+00:00",
        }
        body = json.dumps(told).encode()
        assert (
            client.simulate_post("/kinguin/webhooks", body=body, headers=kinguin_headers(shop)).status_code
            == 204
        )
        outcomes.append(Notice.select().order_by(Notice.received_at.desc()).get().outcome)
    assert outcomes == ["matched", "late"]
    courier.stop()
    assert waiting_messages(shop, finalize) == [str(order.id)]
