"""Revoking destroys, and an owner's look at keys is off, a right of its own, and recorded."""

from __future__ import annotations

import pytest
from falcon.testing import TestClient
from peewee import OperationalError

from actors.clear import clear
from bitloot.shop import Shop
from bitloot.states import OrderState
from db import AccessRecord, Order
from tests.factories import a_paid_order
from tests.waiting import until
from tests.web.cast import admin, buyer, fulfilled_order
from tests.web.conftest import settled, waiting_messages

REASON = {"reason": "a dispute was lost"}


def test_revoking_destroys_the_data_key_and_is_recorded(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    path = f"/admin/orders/{order.id}/revoke"
    key = {"Idempotency-Key": "revoke-once-1"}
    first, repeat, again = (
        client.simulate_post(path, json=REASON, headers=admin(shop) | more) for more in (key, key, {})
    )
    assert [(answer.status_code, answer.json["revoked"]) for answer in (first, repeat)] == [(200, True)] * 2
    assert (again.status_code, again.json["code"]) == (409, "nothing_left")
    assert Order.get_by_id(order.id).data_key is None
    until(lambda: bool(waiting_messages(shop, clear)), what="the clean-up")
    assert (
        client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=buyer(shop, order)).status_code == 410
    )
    told = [
        (item.action, item.actor, item.outcome) for item in AccessRecord.select().order_by(AccessRecord.id)
    ]
    assert told[:2] == [("revoke", "admin:olga", "granted"), ("revoke", "admin:olga", "nothing_left")]


def test_what_is_not_delivered_yet_is_refunded_first(client: TestClient, shop: Shop) -> None:
    order = a_paid_order()
    path = f"/admin/orders/{order.id}/revoke"
    answer = client.simulate_post(path, json=REASON, headers=admin(shop))
    assert (answer.status_code, answer.json["code"]) == (409, "not_now")
    for headers, status in ((admin(shop, "operator"), 403), (buyer(shop, order), 403), ({}, 401)):
        assert client.simulate_post(path, json=REASON, headers=headers).status_code == status


def test_an_admins_look_is_off_by_default(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    answer = client.simulate_post(f"/admin/orders/{order.id}/keys", json=REASON, headers=admin(shop))
    assert (answer.status_code, answer.json["code"]) == (403, "key_view_off")
    assert [(item.action, item.outcome) for item in AccessRecord.select()] == [("admin_view", "refused")]


def test_where_it_is_on_it_is_the_owners_alone_with_a_reason_and_recorded(shop: Shop) -> None:
    client = settled(shop, admin_key_view=True)
    order = fulfilled_order(shop, b"AAAAA-11111")
    path = f"/admin/orders/{order.id}/keys"
    assert client.simulate_post(path, json=REASON, headers=admin(shop, "operator")).status_code == 403
    assert client.simulate_post(path, json={}, headers=admin(shop)).status_code == 422
    shown = client.simulate_post(path, json=REASON, headers=admin(shop))
    assert shown.json["keys"][0]["key"] == "AAAAA-11111"
    [record] = AccessRecord.select()
    assert (record.action, record.actor, record.outcome) == ("admin_view", "admin:olga", "granted")
    assert record.details["reason"] == REASON["reason"]
    order.advance(OrderState.REFUNDED, actor="test")
    client.simulate_post(f"/admin/orders/{order.id}/revoke", json=REASON, headers=admin(shop))
    assert client.simulate_post(path, json=REASON, headers=admin(shop)).status_code == 409


def test_a_key_is_not_destroyed_where_that_cannot_be_recorded(
    client: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    monkeypatch.setattr("web.admin.rights.record", _away)
    path = f"/admin/orders/{order.id}/revoke"
    assert client.simulate_post(path, json=REASON, headers=admin(shop)).status_code == 503
    assert Order.get_by_id(order.id).data_key is not None


def _away(*_: object) -> None:
    raise OperationalError("the chain is locked")
