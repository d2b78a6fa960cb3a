"""A key is readable on its buyer's screen only, and every look is written down first."""

from __future__ import annotations

import base64
import uuid

import pytest
from falcon.testing import TestClient

from bitloot.errors import Retryable
from bitloot.shop import Shop
from bitloot.states import OrderState
from db import AccessRecord, Case, Order, base
from tests.factories import a_paid_order
from tests.web.cast import admin, buyer, fulfilled_order, partly_stored_order, sealed_objects


def records(order: Order) -> list[tuple[str, str]]:
    query = AccessRecord.select().where(AccessRecord.order == order.id).order_by(AccessRecord.id)
    return [(record.actor, record.outcome) for record in query]


def test_the_buyer_reads_the_keys(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111", b"BBBBB-22222")
    answer = client.simulate_post(
        f"/fulfillment/{order.id}/reveal", headers=buyer(shop, order) | {"User-Agent": "Browser/1"}
    )
    assert answer.status_code == 200
    assert {key["key"] for key in answer.json["keys"]} == {"AAAAA-11111", "BBBBB-22222"}
    assert answer.headers["cache-control"] == "no-store"
    assert records(order) == [("buyer", "granted")]
    record = AccessRecord.get()
    assert (record.action, record.user_agent) == ("reveal", "Browser/1")
    assert len(record.details["keys"]) == 2


def test_a_picture_comes_as_base64(client: TestClient, shop: Shop) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    order = fulfilled_order(shop, picture, media_type="image/png")
    [key] = client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=buyer(shop, order)).json["keys"]
    assert (key["mediaType"], key["key"]) == ("image/png", None)
    assert base64.b64decode(key["base64"]) == picture


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_no_other_method_reveals(client: TestClient, shop: Shop, method: str) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    answer = client.simulate_request(method, f"/fulfillment/{order.id}/reveal", headers=buyer(shop, order))
    assert answer.status_code == 405
    assert "AAAAA" not in answer.text
    assert records(order) == []


def test_another_buyer_finds_nothing_and_is_recorded(client: TestClient, shop: Shop) -> None:
    order, other = fulfilled_order(shop, b"AAAAA-11111"), fulfilled_order(shop, b"CCCCC-33333")
    stranger = client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=buyer(shop, other))
    nothing = client.simulate_post(f"/fulfillment/{uuid.uuid4()}/reveal", headers=buyer(shop, other))
    assert stranger.status_code == 404
    assert stranger.json == nothing.json
    assert records(order) == [("buyer", "refused")]


def test_an_admin_may_not_look(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    answer = client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=admin(shop))
    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
    assert records(order) == [("admin:olga", "refused")]


def test_an_order_without_its_keys_is_not_ready(client: TestClient, shop: Shop) -> None:
    order = a_paid_order()
    answer = client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=buyer(shop, order))
    assert (answer.status_code, answer.json["code"]) == (409, "not_ready")
    assert records(order) == [("buyer", "refused")]


def test_the_keys_that_are_there_are_revealed_while_others_are_on_their_way(
    client: TestClient, shop: Shop
) -> None:
    order = partly_stored_order(shop, b"AAAAA-11111")
    answer = client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=buyer(shop, order))
    assert [key["key"] for key in answer.json["keys"]] == ["AAAAA-11111"]
    assert records(order) == [("buyer", "granted")]


@pytest.mark.parametrize("state", [OrderState.FAILED, OrderState.REFUND_DUE])
def test_while_a_person_decides_about_the_money_nothing_is_revealed(
    client: TestClient, shop: Shop, state: OrderState
) -> None:
    order = partly_stored_order(shop, b"AAAAA-11111")
    order.advance(state, actor="test")
    answer = client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=buyer(shop, order))
    assert (answer.status_code, answer.json["code"]) == (409, "not_ready")


def test_a_refunded_order_reveals_no_longer(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    order.advance(OrderState.REFUNDED, actor="test")
    answer = client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=buyer(shop, order))
    assert answer.status_code == 409


def test_swapped_objects_do_not_open(client: TestClient, shop: Shop) -> None:
    order, other = fulfilled_order(shop, b"AAAAA-11111"), fulfilled_order(shop, b"CCCCC-33333")
    [mine], [theirs] = sealed_objects(order), sealed_objects(other)
    stolen = shop.store.get(theirs)
    shop.store.delete(mine)
    shop.store.put_once(mine, stolen)
    answer = client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=buyer(shop, order))
    assert (answer.status_code, answer.json["code"]) == (503, "key_unreadable")
    assert "CCCCC" not in answer.text
    assert records(order) == [("buyer", "granted"), ("buyer", "failed")]
    assert Case.get().figures["error"] == "tampered"


def test_of_a_lost_object_its_buyer_and_a_person_hear(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    name = sealed_objects(order)[0]
    kept = shop.store.get(name)
    shop.store.delete(name)
    for _ in range(2):
        answer = client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=buyer(shop, order))
        assert (answer.status_code, answer.json["code"]) == (503, "key_unreadable")
        assert answer.headers["retry-after"] == "600"
        assert "a person was told" in answer.json["detail"]
    assert records(order)[-1] == ("buyer", "failed")
    case = Case.get()  # one, however often it is tried
    assert (case.kind, case.subject) == ("key_unreadable", name.rpartition("/")[2].removesuffix(".sealed"))
    assert case.figures["error"] == "object_missing"
    shop.store.put_once(name, kept)
    answer = client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=buyer(shop, order))
    assert [key["key"] for key in answer.json["keys"]] == ["AAAAA-11111"]


def test_a_store_that_is_away_is_no_question_for_a_person(
    client: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")

    def away(_name: str) -> bytes:
        raise Retryable("store: no answer", code="store_unreachable")

    monkeypatch.setattr(shop.store, "get", away)
    answer = client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=buyer(shop, order))
    assert (answer.status_code, answer.json["code"]) == (503, "store_unreachable")
    assert records(order) == [("buyer", "granted"), ("buyer", "failed")]
    assert Case.select().count() == 0


def test_what_cannot_be_recorded_is_not_revealed(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    base.rows("ALTER TABLE access_records RENAME TO gone; SELECT 1")
    answer = client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=buyer(shop, order))
    assert answer.status_code >= 500
    assert "AAAAA" not in answer.text
