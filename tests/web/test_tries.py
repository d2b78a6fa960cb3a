"""Looks and token checks are limited by order and by address, and a stranger uses up nobody's."""

from __future__ import annotations

import uuid

from bitloot.shop import Shop
from db import Order, base
from tests.web.cast import buyer, fulfilled_order
from tests.web.conftest import settled
from web.standins import catalog_rows


def test_looks_at_one_order_are_limited(shop: Shop) -> None:
    client = settled(shop, tries_per_order=2)
    order, other = fulfilled_order(shop, b"AAAAA-11111"), fulfilled_order(shop, b"BBBBB-22222")
    path = f"/fulfillment/{order.id}/reveal"
    for _ in range(5):  # no right to it, so they do not count
        client.simulate_post(path, headers=buyer(shop, other))
    answers = [client.simulate_post(path, headers=buyer(shop, order)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 0 < int(answers[2].headers["retry-after"]) <= 60
    assert answers[2].json["code"] == "too_many_tries"


def test_token_checks_from_one_address_are_limited_whatever_they_name(shop: Shop) -> None:
    client = settled(shop, tries_per_address=3)
    order = fulfilled_order(shop, b"AAAAA-11111")
    guesses = [
        client.simulate_post(f"/fulfillment/{uuid.uuid4()}/session", json={"linkToken": "guess"})
        for _ in range(4)
    ]
    assert [answer.status_code for answer in guesses] == [401, 401, 401, 429]
    body = {"linkToken": shop.tokens.link(order.id, 1)}
    path = f"/fulfillment/{order.id}/session"
    assert client.simulate_post(path, json=body).status_code == 429
    assert client.simulate_post(path, json=body, remote_addr="203.0.113.9").status_code == 201


def test_a_household_counts_as_one_however_many_addresses_it_has(shop: Shop) -> None:
    client = settled(shop, tries_per_address=2)

    def guess(address: str) -> int:
        path = f"/fulfillment/{uuid.uuid4()}/session"
        return client.simulate_post(path, json={"linkToken": "guess"}, remote_addr=address).status_code

    assert [guess(f"2001:db8:0:1::{host}") for host in (1, 2, 3)] == [401, 401, 429]
    assert guess("2001:db8:0:2::1") == 401


def test_orders_from_one_address_are_limited_and_others_order_on(shop: Shop) -> None:
    client = settled(shop, orders_per_address=2)

    def order(email: str, address: str) -> int:
        items = [{"productId": catalog_rows()[0]["sku"], "quantity": 1}]
        body = {"email": email, "items": items, "payCurrency": "btc"}
        return client.simulate_post("/orders", json=body, remote_addr=address).status_code

    flood = [order(f"buyer{number}@example.test", "203.0.113.7") for number in range(3)]
    assert flood == [201, 201, 429]
    assert order("buyer0@example.test", "203.0.113.8") == 201
    assert Order.select().count() == 3


def test_one_address_makes_us_write_to_a_stranger_only_so_often(shop: Shop) -> None:
    client = settled(shop, orders_per_address=2)
    items = [{"productId": catalog_rows()[0]["sku"], "quantity": 1}]
    body = {"email": "victim@example.test", "items": items, "payCurrency": "btc"}
    answers = []
    for _ in range(3):
        answers.append(client.simulate_post("/orders", json=body, remote_addr="203.0.113.7"))
        base.rows("UPDATE tries SET began = began - interval '61 seconds' RETURNING 1")
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert client.simulate_post("/orders", json=body, remote_addr="203.0.113.8").status_code == 201
