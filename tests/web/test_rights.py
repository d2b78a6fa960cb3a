"""A right that is used up, ended or withdrawn shows nothing, and says why to its holder alone."""

from __future__ import annotations

from falcon.testing import TestClient

from bitloot.shop import Shop
from db import AccessRecord, Order
from db.rights import give_right_anew, renew_reveals, withdraw_right
from tests.web.cast import admin, bearer, buyer, fulfilled_order
from tests.web.conftest import settled


def reveal(client: TestClient, order: Order, token: dict[str, str]) -> tuple[int, str]:
    answer = client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=token)
    return answer.status_code, answer.json.get("code") or answer.json["keys"][0]["key"]


def status_of(client: TestClient, order: Order, token: dict[str, str]) -> tuple[bool, str]:
    told = client.simulate_get(f"/fulfillment/{order.id}/status", headers=token).json
    return told["canReveal"], told["right"]


def test_a_scanner_that_presses_cannot_destroy_the_right(shop: Shop) -> None:
    client = settled(shop, reveal_limit=2)
    order = fulfilled_order(shop, b"AAAAA-11111")
    token = buyer(shop, order)
    assert [reveal(client, order, token)[0] for _ in range(3)] == [200, 200, 403]
    assert status_of(client, order, token) == (False, "used_up")
    assert reveal(client, order, token) == (403, "used_up")
    renew_reveals(order.id)
    assert reveal(client, order, token) == (200, "AAAAA-11111")
    refused = [item.details["code"] for item in AccessRecord.select() if item.outcome == "refused"]
    assert refused == ["used_up", "used_up"]


def test_a_fresh_link_ends_every_token_of_the_one_before(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    old = buyer(shop, order)
    generation = give_right_anew(order.id)
    assert generation == 2
    assert reveal(client, order, old) == (401, "ended_right")
    assert client.simulate_get(f"/fulfillment/{order.id}/download-link", headers=old).status_code == 401
    for path in (f"/orders/{order.id}", f"/fulfillment/{order.id}/status"):
        refused = client.simulate_get(path, headers=old)
        assert (refused.status_code, refused.json["code"]) == (401, "ended_right")
    stale = {"linkToken": shop.tokens.link(order.id, 1)}
    answer = client.simulate_post(f"/fulfillment/{order.id}/session", json=stale)
    assert (answer.status_code, answer.json["code"]) == (401, "ended_right")
    fresh = {"linkToken": shop.tokens.link(order.id, 2)}
    token = client.simulate_post(f"/fulfillment/{order.id}/session", json=fresh).json["accessToken"]
    assert reveal(client, order, bearer(token)) == (200, "AAAAA-11111")


def test_a_withdrawn_right_shows_nothing_and_the_key_is_beyond_reach(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    withdraw_right(order.id, who="admin:olga", reason="dispute")
    assert reveal(client, order, buyer(shop, order)) == (410, "withdrawn")
    assert (
        client.simulate_get(f"/fulfillment/{order.id}/download-link", headers=buyer(shop, order)).status_code
        == 410
    )
    assert status_of(client, order, buyer(shop, order)) == (False, "withdrawn")
    assert status_of(client, order, admin(shop)) == (False, "withdrawn")
    assert Order.get_by_id(order.id).data_key is None


def test_keys_that_were_kept_long_enough_are_expired(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    withdraw_right(order.id, who="sweep", reason="expired")
    assert reveal(client, order, buyer(shop, order)) == (410, "expired_keys")
    assert status_of(client, order, buyer(shop, order)) == (False, "expired")
