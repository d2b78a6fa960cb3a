"""How far the keys are, and an admin's push."""

from __future__ import annotations

from decimal import Decimal

from falcon.testing import TestClient

from actors import courier
from actors.reserve import reserve
from bitloot.shop import Shop
from bitloot.states import OrderState, PaymentState, PurchaseState
from db import AccessRecord
from tests.factories import a_paid_order, a_payment, a_product, a_waiting_order, an_order, news_of, take
from tests.web.cast import admin, buyer, fulfilled_order, partly_stored_order
from tests.web.conftest import waiting_messages


def test_the_status_tells_how_many_keys_are_stored(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111", b"BBBBB-22222")
    seen = client.simulate_get(f"/fulfillment/{order.id}/status", headers=buyer(shop, order)).json
    assert (seen["status"], seen["canReveal"], seen["hold"]) == ("fulfilled", True, None)
    assert (seen["lines"][0]["quantity"], seen["lines"][0]["keysStored"]) == (2, 2)


def test_keys_of_one_line_are_seen_while_another_waits(client: TestClient, shop: Shop) -> None:
    order = partly_stored_order(shop, b"AAAAA-11111")
    seen = client.simulate_get(f"/fulfillment/{order.id}/status", headers=buyer(shop, order)).json
    assert (seen["status"], seen["canReveal"]) == ("waiting", True)
    assert [(line["keysStored"], line["ready"]) for line in seen["lines"]] == [(1, True), (0, False)]


def test_without_keys_there_is_nothing_to_reveal(client: TestClient, shop: Shop) -> None:
    order = a_paid_order()
    seen = client.simulate_get(f"/fulfillment/{order.id}/status", headers=buyer(shop, order)).json
    assert (seen["canReveal"], seen["lines"][0]["ready"]) == (False, False)


def test_a_buyer_hears_that_it_is_sold_out_and_no_code(client: TestClient, shop: Shop) -> None:
    for code, problem in (("out_of_stock", "sold_out"), ("http_409", "failed")):
        order = a_paid_order()
        assert order.advance(OrderState.FAILED, actor="reserve", reason=code)
        seen = client.simulate_get(f"/fulfillment/{order.id}/status", headers=buyer(shop, order))
        assert seen.json["problem"] == problem
        assert code not in seen.text
    fine = fulfilled_order(shop, b"AAAAA-11111")
    seen = client.simulate_get(f"/fulfillment/{fine.id}/status", headers=buyer(shop, fine))
    assert seen.json["problem"] is None


def test_what_was_bought_of_an_order_that_failed_is_told(client: TestClient, shop: Shop) -> None:
    order, [_, sold_out] = a_waiting_order((a_product(), 1), (a_product(name="Moon Courier"), 2))
    assert sold_out.advance(PurchaseState.FAILED, error="out_of_stock")
    assert order.advance(OrderState.FAILED, actor="finalize", reason="out_of_stock")
    seen = client.simulate_get(f"/fulfillment/{order.id}/status", headers=buyer(shop, order)).json
    assert (seen["status"], seen["problem"]) == ("failed", "partly")


def test_whoever_sent_too_little_hears_how_much_is_missing(client: TestClient, shop: Shop) -> None:
    order = an_order()
    payment = a_payment(order, "0.0005")
    take(news_of(payment, PaymentState.PARTIALLY_PAID, actually_paid=Decimal("0.0003")))
    seen = client.simulate_get(f"/fulfillment/{order.id}/status", headers=buyer(shop, order)).json
    assert (seen["status"], seen["problem"]) == ("review", "underpaid")
    told = client.simulate_get(f"/orders/{order.id}", headers=buyer(shop, order)).json["payment"]
    assert (told["actuallyPaid"], told["missing"], told["surplus"]) == ("0.0003", "0.0002", None)


def test_whoever_sent_too_much_sees_by_how_much(client: TestClient, shop: Shop) -> None:
    order = an_order()
    take(news_of(a_payment(order, "0.0005"), actually_paid=Decimal("0.0006")), asked=True)
    told = client.simulate_get(f"/orders/{order.id}", headers=buyer(shop, order)).json
    assert told["status"] == "paid"
    assert (told["payment"]["missing"], told["payment"]["surplus"]) == (None, "0.0001")


def test_why_an_order_is_parked_is_for_admins(client: TestClient, shop: Shop) -> None:
    order = a_paid_order()
    order.park("supplier balance", 60)
    path = f"/fulfillment/{order.id}/status"
    assert client.simulate_get(path, headers=buyer(shop, order)).json["hold"] is None
    assert client.simulate_get(path, headers=admin(shop)).json["hold"] == "supplier balance"


def test_a_push_sends_the_step_of_the_present_state_and_is_recorded(client: TestClient, shop: Shop) -> None:
    order = a_paid_order()
    headers = admin(shop, "operator") | {"Idempotency-Key": "push-once-1"}
    answer, repeat = (
        client.simulate_post(
            f"/fulfillment/{order.id}/deliver", headers=headers, json={"reason": "buyer called"}
        )
        for _ in range(2)
    )
    assert (answer.status_code, answer.json["step"]) == (202, "reserve")
    assert (repeat.status_code, repeat.json) == (202, answer.json)
    [record] = AccessRecord.select()
    assert (record.action, record.actor, record.outcome) == ("deliver", "admin:olga", "granted")
    assert record.details["reason"] == "buyer called"
    courier.stop()
    assert waiting_messages(shop, reserve) == [str(order.id)]


def test_an_order_without_a_step_cannot_be_pushed(client: TestClient, shop: Shop) -> None:
    order = an_order()
    path = f"/fulfillment/{order.id}/deliver"
    answer = client.simulate_post(path, headers=admin(shop), json={"reason": "impatient"})
    assert (answer.status_code, answer.json["code"]) == (409, "nothing_due")
    assert AccessRecord.get().outcome == "nothing_due"


def test_a_push_needs_a_reason(client: TestClient, shop: Shop) -> None:
    order = a_paid_order()
    for body in ({}, {"reason": " "}, {"reason": "x" * 501}, {"reason": "fine", "more": 1}):
        path = f"/fulfillment/{order.id}/deliver"
        assert client.simulate_post(path, headers=admin(shop), json=body).status_code == 422
    assert AccessRecord.select().count() == 0
