"""A repeat by the same key gets the first answer, and nothing is done twice."""

from __future__ import annotations

from typing import Any

import pytest
from falcon.testing import Result, TestClient
from peewee import OperationalError

from bitloot.shop import Shop
from db import AccessRecord, base
from tests.factories import a_paid_order, an_order
from tests.web.cast import admin, fulfilled_order
from tests.web.conftest import settled

KEY = {"Idempotency-Key": "key-of-olga-1"}
REASON = {"reason": "the buyer wrote"}


def ask(client: TestClient, shop: Shop, path: str, body: Any = REASON, **headers: str) -> Result:
    return client.simulate_post(path, json=body, headers=admin(shop) | KEY | headers)


def records(action: str) -> int:
    return int(AccessRecord.select().where(AccessRecord.action == action).count())


def test_a_repeat_gets_the_first_answer(client: TestClient, shop: Shop) -> None:
    order = a_paid_order()
    path = f"/admin/orders/{order.id}/hold"
    first, again = ask(client, shop, path), ask(client, shop, path)
    assert (first.status_code, first.json["done"]) == (200, True)
    assert (again.status_code, again.json, again.headers["idempotent-replay"]) == (200, first.json, "true")
    assert records("hold") == 1
    other = ask(client, shop, path, {"reason": "something else"})
    assert (other.status_code, other.json["code"]) == (422, "idempotency_conflict")
    refused = [ask(client, shop, path, **{"Idempotency-Key": "key-of-olga-2"}) for _ in range(2)]
    assert [(one.status_code, one.json["code"]) for one in refused] == [(409, "already_held")] * 2
    assert refused[1].headers["content-type"] == "application/problem+json"
    assert records("hold") == 2
    assert ask(client, shop, path, **{"Idempotency-Key": "short"}).json["code"] == "bad_idempotency_key"


def test_what_was_never_judged_may_be_asked_again_by_the_same_key(client: TestClient, shop: Shop) -> None:
    path = f"/admin/orders/{an_order().id}/hold"
    assert ask(client, shop, path, {}).status_code == 422
    assert ask(client, shop, path).status_code == 200


def test_an_unknown_end_is_told_as_such(
    client: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/admin/orders/{an_order().id}/hold"

    def away(*_: object, **__: object) -> None:
        raise OperationalError("the commit may have taken effect")

    with monkeypatch.context() as patch:
        patch.setattr("actors.steer.hold", away)
        assert ask(client, shop, path).status_code == 503
    running = ask(client, shop, path)
    assert (running.status_code, running.json["code"]) == (409, "idempotency_in_progress")
    base.rows("UPDATE answered SET began_at = began_at - interval '5 minutes' RETURNING 1")
    assert ask(client, shop, path).json["code"] == "outcome_unknown"


def test_no_key_is_kept_nor_shown_to_a_repeat(shop: Shop) -> None:
    client = settled(shop, admin_key_view=True)
    order = fulfilled_order(shop, b"AAAAA-11111")
    path = f"/admin/orders/{order.id}/keys"
    assert ask(client, shop, path).json["keys"][0]["key"] == "AAAAA-11111"
    again = ask(client, shop, path)
    assert (again.status_code, again.json["code"]) == (409, "answered_before")
    assert "AAAAA" not in str(base.rows("SELECT answered::text FROM answered"))
