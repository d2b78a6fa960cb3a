"""The link of a letter becomes a short session."""

from __future__ import annotations

import uuid

from falcon.testing import TestClient

from bitloot.shop import Shop
from bitloot.tokens import Tokens
from db import AccessRecord
from tests.web.cast import bearer, fulfilled_order


def test_a_letters_link_opens_its_order(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    body = {"linkToken": shop.tokens.link(order.id, 1)}
    answer = client.simulate_post(f"/fulfillment/{order.id}/session", json=body)
    assert answer.status_code == 201
    token = answer.json["accessToken"]
    claims = shop.tokens.read_buyer(token)
    usual = shop.tokens.read_buyer(shop.tokens.buyer(order.id))
    assert claims.expires < usual.expires
    revealed = client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=bearer(token))
    assert revealed.json["keys"][0]["key"] == "AAAAA-11111"
    assert [record.action for record in AccessRecord.select().order_by(AccessRecord.id)] == [
        "session",
        "reveal",
    ]


def test_a_link_to_another_order_is_not_there(client: TestClient, shop: Shop) -> None:
    order, other = fulfilled_order(shop, b"AAAAA-11111"), fulfilled_order(shop, b"BBBBB-22222")
    body = {"linkToken": shop.tokens.link(other.id, 1)}
    stranger = client.simulate_post(f"/fulfillment/{order.id}/session", json=body)
    nothing = client.simulate_post(f"/fulfillment/{uuid.uuid4()}/session", json=body)
    assert (stranger.status_code, stranger.json) == (404, nothing.json)


def test_no_other_token_is_a_link(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    others = Tokens(buyer_secret="b" * 32, admin_secret="a" * 32, link_secret="l" * 32)
    for token in (
        shop.tokens.buyer(order.id),
        shop.tokens.admin("olga", "owner", 60),
        others.link(order.id, 1),
        "x",
    ):
        answer = client.simulate_post(f"/fulfillment/{order.id}/session", json={"linkToken": token})
        assert answer.status_code == 401
    assert client.simulate_post(f"/fulfillment/{order.id}/session", json={}).status_code == 422
    assert AccessRecord.select().count() == 0
