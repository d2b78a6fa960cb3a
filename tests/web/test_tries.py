"""Looks and token checks are limited by order and by address, and a stranger uses up nobody's."""

from __future__ import annotations

import uuid

from bitloot.shop import Shop
from tests.web.cast import buyer, fulfilled_order
from tests.web.conftest import settled


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
