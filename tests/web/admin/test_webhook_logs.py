"""Notices listed and read; their bodies only redacted, and each look is recorded."""

from __future__ import annotations

import uuid

from falcon.testing import TestClient

from bitloot.shop import Shop
from db import AccessRecord, Notice
from db.expunge import expunge
from tests.factories import a_payment, an_order
from tests.web.cast import admin, buyer, ipn_body, signed


def notified(client: TestClient, shop: Shop) -> Notice:
    """One notice, taken in."""
    body = ipn_body(a_payment(an_order()))
    client.simulate_post("/payments/ipn", body=body, headers=signed(shop, body))
    return Notice.select().order_by(Notice.received_at.desc()).get()


def test_notices_are_listed_and_filtered(client: TestClient, shop: Shop) -> None:
    older, newer = notified(client, shop), notified(client, shop)
    found = client.simulate_get("/admin/webhook-logs", headers=admin(shop, "read-only")).json
    assert [row["id"] for row in found["data"]] == [str(newer.id), str(older.id)]
    path = f"/admin/webhook-logs?orderId={older.order_id}&source=nowpayments&outcome=moved"
    assert [row["id"] for row in client.simulate_get(path, headers=admin(shop)).json["data"]] == [
        str(older.id)
    ]
    for query, total in (("source=kinguin", 0), ("verdict=verified", 2), ("verdict=foreign", 0)):
        found = client.simulate_get(f"/admin/webhook-logs?{query}", headers=admin(shop)).json
        assert found["total"] == total


def test_a_notice_is_shown_without_its_body(client: TestClient, shop: Shop) -> None:
    notice = notified(client, shop)
    seen = client.simulate_get(f"/admin/webhook-logs/{notice.id}", headers=admin(shop, "read-only"))
    assert (seen.status_code, seen.json["outcome"]) == (200, "moved")
    assert not {"body", "dataKey", "headers"} & set(seen.json)
    assert (seen.json["verdict"], seen.json["proof"], seen.json["runs"]) == ("verified", "sorted", [])
    assert 0 < seen.json["tookMs"] < 60_000
    assert client.simulate_get(f"/admin/webhook-logs/{uuid.uuid4()}", headers=admin(shop)).status_code == 404


def test_what_a_notice_said_is_shown_redacted_and_the_look_is_recorded(
    client: TestClient, shop: Shop
) -> None:
    notice = notified(client, shop)
    seen = client.simulate_get(
        f"/admin/webhook-logs/{notice.id}/content", headers=admin(shop, "read-only")
    ).json
    assert (seen["trusted"], seen["body"]["payment_status"]) == (True, "finished")
    assert seen["headers"]["x-nowpayments-sig"] == "(128 characters)"
    record = AccessRecord.get()
    assert (record.action, record.actor, record.order) == ("notice_look", "admin:olga", notice.order)
    assert record.details == {"notice": str(notice.id)}


def test_a_body_that_was_deleted_is_not_there_to_be_shown(client: TestClient, shop: Shop) -> None:
    notice = notified(client, shop)
    expunge(notice.id)
    seen = client.simulate_get(f"/admin/webhook-logs/{notice.id}/content", headers=admin(shop)).json
    assert (seen["body"], seen["headers"]) == (None, {})
    assert seen["expungedAt"]


def test_only_admins_see_what_came(client: TestClient, shop: Shop) -> None:
    notice = notified(client, shop)
    path = f"/admin/webhook-logs/{notice.id}/content"
    assert client.simulate_get(path).status_code == 401
    assert client.simulate_get(path, headers=buyer(shop, an_order())).status_code == 403
    assert (
        client.simulate_get(f"/admin/webhook-logs/{uuid.uuid4()}/content", headers=admin(shop)).status_code
        == 404
    )
    assert AccessRecord.select().count() == 0
