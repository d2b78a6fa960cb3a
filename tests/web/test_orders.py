"""Orders: committed first, paid for at the gateway second, and the same again for the same key."""

from __future__ import annotations

import secrets
import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
import requests
from falcon.testing import TestClient
from psycopg2.extensions import set_wait_callback

from bitloot.shop import Shop
from bitloot.states import OrderState
from db import Line, Move, Order, Payment, Product, base
from tests.factories import a_product
from tests.web.cast import admin, bearer, buyer
from tests.web.conftest import Ask
from web.deadline import database, install
from web.standins.server import RunningStandins

pytestmark = pytest.mark.usefixtures("promises_are_kept")


def key() -> dict[str, str]:
    return {"Idempotency-Key": secrets.token_hex(16)}


def fault(standins: RunningStandins, kind: str, **more: Any) -> None:
    rule = {"point": "nowpayments.create_payment", "kind": kind, **more}
    assert requests.post(f"{standins.control_url}/faults", json=rule, timeout=5).ok


def test_an_order_is_placed_with_a_payment(place: Ask, shop: Shop) -> None:
    answer = place()
    told = answer.json
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/orders/{told['orderId']}"
    order = Order.get_by_id(told["orderId"])
    [payment] = Payment.select().where(Payment.order == order.id)
    assert told["status"] == "created"
    assert told["payment"]["paymentId"] == payment.gateway_payment_id
    assert Decimal(told["payment"]["payAmount"]) == payment.pay_amount
    assert isinstance(told["price"], str)
    assert told["links"]["page"].endswith(f"/o/{order.id}")


def test_the_token_of_the_answer_opens_the_order(place: Ask, client: TestClient) -> None:
    told = place().json
    answer = client.simulate_get(f"/orders/{told['orderId']}", headers=bearer(told["accessToken"]))
    assert answer.status_code == 200
    assert answer.json["payment"]["paymentId"] == told["payment"]["paymentId"]
    assert [move["dst"] for move in answer.json["moves"]] == ["created"]
    assert answer.json["lines"][0]["quantity"] == 1


def test_a_product_is_named_by_sku_or_by_id(place: Ask, shop: Shop) -> None:
    product = Product.select().order_by(Product.sku).first()
    items = [{"productId": str(product.id), "quantity": 2}, {"productId": product.sku, "quantity": 1}]
    told = place(items=items).json
    assert Decimal(told["price"]) == product.price * 3
    assert Line.select().where(Line.order == told["orderId"]).count() == 2


def test_the_same_key_and_body_give_the_same_order(place: Ask) -> None:
    headers = key()
    first, second = place(headers=headers), place(headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json["orderId"] == second.json["orderId"]
    assert first.json["payment"] == second.json["payment"]
    assert Payment.select().count() == 1


def test_the_same_key_with_another_body_is_refused(place: Ask) -> None:
    headers = key()
    place(headers=headers)
    answer = place(headers=headers, payCurrency="eth")
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_conflict")
    assert Order.select().count() == 1


@pytest.mark.parametrize("bad", ["short", "x" * 201, "with a blank in it", "ümlaut-ümlaut-ümlaut"])
def test_a_key_that_can_be_guessed_or_kept_badly_is_refused(place: Ask, bad: str) -> None:
    answer = place(headers={"Idempotency-Key": bad})
    assert (answer.status_code, answer.json["code"]) == (400, "bad_idempotency_key")


def test_the_same_key_at_once_is_one_order_and_one_payment(place: Ask, standins: RunningStandins) -> None:
    headers = key()
    fault(standins, "delay", seconds=0.3)
    base.database.close()
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: place(headers=headers), range(4)))
    base.database.connect()  # type: ignore[no-untyped-call]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert any(answer.status_code == 201 for answer in answers)
    assert Order.select().count() == 1
    assert Payment.select().count() == 1


@pytest.mark.parametrize("kind", ["drop_before_effect", "drop_after_effect"])
def test_a_gateway_that_is_away_leaves_an_order_that_a_repeat_pays_for(
    place: Ask, standins: RunningStandins, kind: str
) -> None:
    headers = key()
    fault(standins, kind)
    first = place(headers=headers)
    assert (first.status_code, first.json["code"]) == (503, "gateway_unavailable")
    assert first.headers["retry-after"]
    second = place(headers=headers)
    assert second.status_code == 201
    assert second.json["orderId"] == first.json["orderId"]
    assert Payment.select().count() == 1


def test_a_gateway_that_answers_late_and_badly_is_not_taken_for_the_database(
    place: Ask, standins: RunningStandins, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault(standins, "delay", seconds=1.5)
    fault(standins, "drop_after_effect")
    monkeypatch.setattr("web.orders.database", lambda: database(1.2))
    install()
    try:
        answer = place(headers=key())
    finally:
        set_wait_callback(None)
    assert (answer.status_code, answer.json["code"]) == (503, "gateway_unavailable")


def test_a_coin_that_the_gateway_refuses_ends_the_order(place: Ask) -> None:
    headers = key()
    answer = place(payCurrency="nocoin", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (422, "payment_refused")
    order = Order.get_by_id(answer.json["orderId"])
    assert order.state is OrderState.EXPIRED
    assert place(payCurrency="nocoin", headers=headers).json["code"] == "payment_refused"
    assert Move.select().where(Move.order == order.id).count() == 2


BAD: list[dict[str, Any]] = [
    {"email": "no address"},
    {"email": "a@b.example\r\nBcc: c@d.example"},
    {"email": 5},
    {"items": []},
    {"items": [{"productId": "x", "quantity": 1}] * 11},
    {"items": "x"},
    {"payCurrency": "b t c"},
    {"payCurrency": ""},
    {"payCurrency": None},
    {"more": 1},
]


@pytest.mark.parametrize("quantity", [0, -1, 10, 1.5, "1", True, None, 10**30])
def test_a_quantity_is_a_whole_number_from_1_to_9(place: Ask, quantity: Any, shop: Shop) -> None:
    sku = Product.select().first().sku
    answer = place(items=[{"productId": sku, "quantity": quantity}])
    assert answer.status_code in {400, 422}
    assert Order.select().count() == 0


def test_what_does_not_fit_is_refused_and_leaves_nothing(place: Ask) -> None:
    for changes in BAD:
        answer = place(**changes)
        assert answer.status_code in {400, 422}, changes
        assert answer.headers["content-type"] == "application/problem+json"
    assert Order.select().count() == 0


def test_a_product_that_is_not_sold_is_named_by_its_place(place: Ask) -> None:
    answer = place(items=[{"productId": "no-such-thing", "quantity": 1}])
    assert (answer.status_code, answer.json["code"]) == (422, "unknown_product")
    assert answer.json["errors"][0]["at"] == "items.0.productId"


def test_one_order_has_one_currency(place: Ask, shop: Shop) -> None:
    euros, dollars = a_product(sku="in-eur"), a_product(sku="in-usd", currency="usd")
    items = [{"productId": one.sku, "quantity": 1} for one in (euros, dollars)]
    assert place(items=items).json["code"] == "mixed_currencies"


def test_only_json_is_read(client: TestClient) -> None:
    answer = client.simulate_post("/orders", body="email=a", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json["code"]) == (415, "not_json")


def test_a_stranger_and_an_unknown_order_get_the_same_answer(
    place: Ask, client: TestClient, shop: Shop
) -> None:
    mine, other = place().json, place().json
    token = bearer(mine["accessToken"])
    stranger = client.simulate_get(f"/orders/{other['orderId']}", headers=token)
    nothing = client.simulate_get(f"/orders/{uuid.uuid4()}", headers=token)
    own = client.simulate_get(f"/orders/{mine['orderId']}", headers=token)
    assert (stranger.status_code, stranger.json) == (nothing.status_code, nothing.json)
    assert (stranger.status_code, own.status_code) == (404, 200)
    gone = uuid.uuid4()
    assert (
        client.simulate_get(f"/orders/{gone}", headers=bearer(shop.tokens.buyer(gone))).json == nothing.json
    )


def test_who_and_why_is_for_admins(place: Ask, client: TestClient, shop: Shop) -> None:
    order = Order.get_by_id(place().json["orderId"])
    seen = client.simulate_get(f"/orders/{order.id}", headers=admin(shop, "read-only")).json
    assert seen["moves"][0]["actor"] == "buyer"
    own = client.simulate_get(f"/orders/{order.id}", headers=buyer(shop, order)).json
    assert own["moves"][0]["actor"] is None
