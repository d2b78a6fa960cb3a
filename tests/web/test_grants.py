"""What is granted opens the one key that was asked for, after a record, and nothing else of the order."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from falcon.testing import Result, TestClient

from bitloot.envelope import bind
from bitloot.shop import Shop
from db import AccessRecord, Case, Order, base, keys_of
from tests.web.cast import admin, buyer, fulfilled_order


def ask(client: TestClient, shop: Shop, order: Order, **which: Any) -> Result:
    headers = which.pop("headers", None) or buyer(shop, order)
    return client.simulate_post(f"/fulfillment/{order.id}/grant", headers=headers, params=which)


def opened(grant: Any, sealed: bytes) -> bytes:
    """By docs/envelope.md alone."""
    bound = bind(sealed[:4], "seal", grant["context"], grant["label"])
    return AESGCM(base64.b64decode(grant["contentKey"])).decrypt(sealed[4:16], sealed[16:], bound)


def test_a_grant_opens_its_own_key_alone_and_is_recorded_as_a_look(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111", b"BBBBB-22222")
    first, second = keys_of(order.id)
    answer = ask(client, shop, order, line=1, number=2)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "BBBBB" not in answer.text
    plain = {opened(answer.json, shop.store.get(second.object_name))}
    assert plain < {b"AAAAA-11111", b"BBBBB-22222"}
    with pytest.raises(InvalidTag):
        opened(answer.json, shop.store.get(first.object_name))
    [record] = AccessRecord.select()
    assert (record.action, record.outcome) == ("reveal", "granted")
    assert record.details == {"how": "granted", "keys": [str(second.id)]}


def test_nothing_is_granted_without_a_press_or_to_anybody_else(client: TestClient, shop: Shop) -> None:
    order, other = fulfilled_order(shop, b"AAAAA-11111"), fulfilled_order(shop, b"CCCCC-33333")
    path, one = f"/fulfillment/{order.id}/grant", {"line": "1", "number": "1"}
    assert client.simulate_get(path, headers=buyer(shop, order), params=one).status_code == 405
    assert ask(client, shop, order).status_code == 422  # all at once is not granted
    assert ask(client, shop, order, headers=buyer(shop, other), **one).status_code == 404
    assert ask(client, shop, order, headers=admin(shop), **one).status_code == 403
    assert [record.outcome for record in AccessRecord.select()] == ["refused", "refused"]


def test_a_data_key_that_does_not_open_is_told_as_by_a_reveal(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    base.rows("UPDATE orders SET data_key = set_byte(data_key, 20, 0) || %s RETURNING 1", b"x")
    answer = ask(client, shop, order, line=1, number=1)
    assert (answer.status_code, answer.json["code"]) == (503, "key_unreadable")
    assert Case.get().kind == "key_unreadable"
    assert [item.outcome for item in AccessRecord.select().order_by(AccessRecord.id)] == ["granted", "failed"]
