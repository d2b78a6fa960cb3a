"""Buying at Kinguin over real HTTP."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from tests.waiting import until
from tests.web.standins.caller import LANTERNS, LIGHTHOUSE, MOSS, ORBIT, Caller
from web.standins import RunningStandins
from web.standins.ledger import charges, plaintext_keys, read_ledger


def completed(caller: Caller, order_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        body: dict[str, Any] = caller.kinguin("GET", f"/v1/order/{order_id}").json()
        return body

    until(lambda: look()["status"] == "completed")
    return look()


def test_an_order_is_placed_then_completed_with_its_keys(caller: Caller) -> None:
    answer = caller.order("BL-1", quantity=3)
    assert (answer.status_code, answer.json()["status"]) == (201, "processing")
    order = completed(caller, answer.json()["orderId"])
    keys = caller.kinguin("GET", f"/v2/order/{order['orderId']}/keys").json()
    assert [key["id"] for key in keys] == [key["id"] for key in order["products"][0]["keys"]]
    assert {key["status"] for key in order["products"][0]["keys"]} == {"DELIVERED"}
    assert {key["type"] for key in keys} == {"text/plain"}
    assert set(keys[0]) == {"id", "serial", "type", "name", "kinguinId", "offerId", "productId"}
    assert plaintext_keys(caller.config.ledger_dir) == [key["serial"] for key in keys]


def test_reading_keys_is_repeatable_and_paged(caller: Caller) -> None:
    order = completed(caller, caller.order("BL-1", quantity=3).json()["orderId"])
    path = f"/v2/order/{order['orderId']}/keys"
    whole = caller.kinguin("GET", path).json()
    pages = [caller.kinguin("GET", f"{path}?page={page}&limit=2").json() for page in (1, 2, 3)]
    assert pages == [whole[:2], whole[2:], []]
    assert caller.kinguin("GET", path).json() == whole


def test_before_delivery_there_are_no_keys(caller: Caller, standins: RunningStandins) -> None:
    standins.configure(delivery_seconds=60)
    order_id = caller.order().json()["orderId"]
    answer = caller.kinguin("GET", f"/v2/order/{order_id}/keys")
    assert (answer.status_code, answer.json()) == (200, [])


def test_the_older_call_takes_the_number(caller: Caller) -> None:
    body = {"products": [{"kinguinId": 910001, "qty": 1, "price": 13}], "orderExternalId": "BL-1"}
    answer = caller.kinguin("POST", "/v1/order", json=body)
    assert (answer.status_code, answer.json()["products"][0]["productId"]) == (201, ORBIT)
    assert caller.kinguin("POST", "/v2/order", json=body).status_code == 400


def test_money_is_taken_once_and_witnessed(caller: Caller) -> None:
    order = completed(caller, caller.order("BL-1", quantity=2).json()["orderId"])
    assert caller.kinguin("GET", "/v1/balance").json() == {"balance": 999_975.32}
    [line] = read_ledger(caller.config.ledger_dir, "kinguin", "order_charged")
    assert (line["order_id"], line["external_id"], line["amount"]) == (order["orderId"], "BL-1", "24.68")
    assert (line["product_refs"], line["quantity"], line["currency"]) == ([ORBIT], 2, "EUR")
    [ready] = read_ledger(caller.config.ledger_dir, "kinguin", "keys_ready")
    serials = plaintext_keys(caller.config.ledger_dir)
    assert ready["fingerprints"] == [hashlib.sha256(serial.encode()).hexdigest() for serial in serials]


def test_several_products_in_one_order(caller: Caller) -> None:
    items = [{"productId": ref, "qty": 1, "price": 30} for ref in (ORBIT, MOSS)]
    order_id = caller.kinguin("POST", "/v2/order", json={"products": items}).json()["orderId"]
    completed(caller, order_id)
    keys = caller.kinguin("GET", f"/v2/order/{order_id}/keys").json()
    assert [key["productId"] for key in keys] == [ORBIT, MOSS]


def test_a_picture_key_is_base64_of_a_png(caller: Caller) -> None:
    assert caller.order("BL-1", LANTERNS).json()["kind"] == "ProductUnavailable"
    order_id = caller.order("BL-2", LANTERNS, keyType=None).json()["orderId"]
    completed(caller, order_id)
    [key] = caller.kinguin("GET", f"/v2/order/{order_id}/keys").json()
    assert key["type"] == "image/png"
    assert base64.b64decode(key["serial"]).startswith(b"\x89PNG")


def test_a_second_order_with_our_reference_is_refused(caller: Caller, standins: RunningStandins) -> None:
    assert caller.order("BL-1").status_code == 201
    again = caller.order("BL-1")
    assert (again.status_code, again.json()["kind"]) == (422, "ConstraintViolation")
    assert (again.json()["propertyPath"], again.json()["invalidValue"]) == ("orderExternalId", "BL-1")
    assert charges(caller.config.ledger_dir) == {"BL-1": 1}
    standins.configure(duplicate_guard=False)
    assert caller.order("BL-1").status_code == 201
    assert charges(caller.config.ledger_dir) == {"BL-1": 2}


def test_a_refused_order_does_not_burn_the_reference(caller: Caller) -> None:
    assert caller.order("BL-1", LIGHTHOUSE).status_code == 422
    assert caller.order("BL-1").status_code == 201


@pytest.mark.parametrize(
    ("product", "change"), [(LIGHTHOUSE, {}), ("f" * 24, {}), (ORBIT, {"price": 12.33}), (LANTERNS, {})]
)
def test_what_no_offer_matches_is_unavailable(caller: Caller, product: str, change: dict[str, Any]) -> None:
    answer = caller.order("BL-1", product, **change)
    assert (answer.status_code, answer.json()["kind"]) == (422, "ProductUnavailable")
    assert not charges(caller.config.ledger_dir)


def test_an_empty_balance_sells_nothing(caller: Caller) -> None:
    caller.control("POST", "/kinguin/balance", json={"balance": "12.33"})
    answer = caller.order("BL-1")
    assert (answer.status_code, answer.json()["kind"]) == (422, "InsufficientBalance")
    caller.control("POST", "/kinguin/balance", json={"balance": "12.34"})
    assert caller.order("BL-1").status_code == 201
    assert caller.kinguin("GET", "/v1/balance").json() == {"balance": 0}


@pytest.mark.parametrize(
    "change",
    [
        {"qty": 0},
        {"qty": 10},
        {"qty": "1"},
        {"qty": True},
        {"price": 0},
        {"price": "12.34"},
        {"price": True},
        {"productId": 910001},
        {"keyType": "image"},
    ],
)
def test_an_item_that_makes_no_sense_is_a_violation(caller: Caller, change: dict[str, Any]) -> None:
    answer = caller.order("BL-1", **change)
    body = answer.json()
    assert (answer.status_code, body["kind"]) == (400, "ConstraintViolation")
    assert body["propertyPath"] == f"products[0].{next(iter(change))}"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"products":[]}', b'{"products":[7]}', b'{"products":{}}']
)
def test_a_body_that_is_no_order_is_a_violation(caller: Caller, body: bytes) -> None:
    answer = caller.kinguin("POST", "/v2/order", data=body)
    assert (answer.status_code, answer.json()["kind"]) == (400, "ConstraintViolation")


def test_orders_are_found_by_our_reference_and_other_filters(caller: Caller) -> None:
    first, second = caller.order("BL-1").json(), caller.order("BL-2", MOSS).json()

    def found(query: str) -> list[str]:
        body = caller.kinguin("GET", f"/v1/order?{query}").json()
        assert body["item_count"] == len(body["results"])
        return [order["orderId"] for order in body["results"]]

    assert found("orderExternalId=BL-1") == [first["orderId"]]
    assert found("orderExternalId=BL-9") == []
    assert found(f"productId={MOSS}") == [second["orderId"]]
    assert found("kinguinId=910001") == [first["orderId"]]
    assert found("createdAtFrom=2026-01-01T00:00:00Z") == [second["orderId"], first["orderId"]]
    assert found("createdAtTo=2020-01-01") == []
    assert caller.kinguin("GET", "/v1/order?limit=1").json()["item_count"] == 2
    assert caller.kinguin("GET", "/v1/order?createdAtFrom=yesterday").status_code == 400


def test_keys_are_returned_once(caller: Caller) -> None:
    order = completed(caller, caller.order("BL-1").json()["orderId"])
    path = f"/v2/order/{order['orderId']}/keys/return"
    answer = caller.kinguin("POST", path)
    [key] = order["products"][0]["keys"]
    assert (answer.status_code, answer.json()) == (200, [{"id": key["id"], "status": "RETURNED"}])
    assert caller.kinguin("GET", "/v1/balance").json() == {"balance": 1_000_000}
    assert caller.kinguin("POST", path).json()["kind"] == "NoKeysToReturn"
    assert len(read_ledger(caller.config.ledger_dir, "kinguin", "keys_returned")) == 1
