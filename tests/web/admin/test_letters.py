"""An order's letters are listed, and sent again: the keys' own with a link that ends all others."""

from __future__ import annotations

import pytest
from falcon.testing import TestClient
from peewee import OperationalError

from actors import workshop
from actors.notify import notify
from actors.write_letter import write_letter
from bitloot.shop import Shop
from db import Letter, base
from db.rights import right_of
from tests.factories import a_paid_order
from tests.web.cast import admin, buyer, fulfilled_order

AGAIN = {"kind": "keys_ready", "reason": "the buyer lost it"}


def test_a_letter_is_sent_again_with_a_fresh_link(client: TestClient, shop: Shop) -> None:
    workshop.use(shop)
    order = fulfilled_order(shop, b"AAAAA-11111")
    old = buyer(shop, order)
    path = f"/admin/orders/{order.id}/resend-letter"
    early = client.simulate_post(path, json=AGAIN, headers=admin(shop))
    assert (early.status_code, early.json["code"]) == (409, "no_letter")
    notify(str(order.id))
    assert client.simulate_post(path, json=AGAIN, headers=admin(shop)).status_code == 202
    write_letter(base.rows("SELECT id::text FROM letters_due")[0][0])
    listed = client.simulate_get(
        path.replace("resend-letter", "letters"), headers=admin(shop, "read-only")
    ).json["letters"]
    assert [(item["kind"], item["generation"], item["state"]) for item in listed] == [
        ("keys_ready", 1, "sent"),
        ("keys_ready", 2, "sent"),
    ]
    text = Letter.get(Letter.generation == 2).open(shop.vault, shop.settings.mail_from).text
    token = text.split(f"/o/{order.id}#")[1].split()[0]
    session = client.simulate_post(f"/fulfillment/{order.id}/session", json={"linkToken": token})
    assert session.status_code == 201
    assert client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=old).status_code == 401


def test_only_those_who_may_act_send_letters_and_only_where_there_is_something_to_say(
    client: TestClient, shop: Shop
) -> None:
    order = a_paid_order()
    path = f"/admin/orders/{order.id}/resend-letter"
    assert client.simulate_post(path, json=AGAIN, headers=admin(shop)).json["code"] == "not_ready"
    assert client.simulate_post(path, json=AGAIN, headers=admin(shop, "read-only")).status_code == 403
    code = {"kind": "guest_code", "reason": "no"}
    assert client.simulate_post(path, json=code, headers=admin(shop)).status_code == 422
    assert base.rows("SELECT count(*) FROM letters_due") == [(0,)]


def test_no_link_ends_without_the_letter_that_brings_the_next(
    client: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop.use(shop)
    order = fulfilled_order(shop, b"AAAAA-11111")
    notify(str(order.id))

    def killed(*_: object) -> None:
        raise OperationalError("the process died here")

    monkeypatch.setattr("web.admin.letters.ask_letter", killed)
    path = f"/admin/orders/{order.id}/resend-letter"
    assert client.simulate_post(path, json=AGAIN, headers=admin(shop)).status_code == 503
    assert right_of(order.id).generation == 1
    assert (
        client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=buyer(shop, order)).status_code == 200
    )
