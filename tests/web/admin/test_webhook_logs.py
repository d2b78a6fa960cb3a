"""Notices listed, read and run again."""

from __future__ import annotations

import uuid

from falcon.testing import TestClient

from actors import courier
from actors.replay import replay
from bitloot.shop import Shop
from db import AccessRecord, Notice
from tests.factories import a_payment, an_order
from tests.web.cast import admin, ipn_body, signed
from tests.web.conftest import waiting_messages


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
    assert client.simulate_get("/admin/webhook-logs?source=kinguin", headers=admin(shop)).json["total"] == 0


def test_a_notice_is_shown_without_its_body(client: TestClient, shop: Shop) -> None:
    notice = notified(client, shop)
    seen = client.simulate_get(f"/admin/webhook-logs/{notice.id}", headers=admin(shop, "read-only"))
    assert (seen.status_code, seen.json["outcome"]) == (200, "moved")
    assert not {"body", "dataKey", "headers"} & set(seen.json)
    assert client.simulate_get(f"/admin/webhook-logs/{uuid.uuid4()}", headers=admin(shop)).status_code == 404


def test_a_replay_is_recorded_and_sent(client: TestClient, shop: Shop) -> None:
    notice = notified(client, shop)
    path = f"/admin/webhook-logs/{notice.id}/replay"
    answer = client.simulate_post(path, headers=admin(shop, "operator"), json={"reason": "lost news"})
    assert (answer.status_code, answer.json) == (202, {"noticeId": str(notice.id), "queued": True})
    record = AccessRecord.get()
    assert (record.action, record.actor, record.order) == ("replay", "admin:olga", notice.order)
    assert record.details == {"notice": str(notice.id), "reason": "lost news"}
    courier.stop()
    assert waiting_messages(shop, replay) == [str(notice.id)]


def test_a_replay_needs_a_notice_and_a_reason(client: TestClient, shop: Shop) -> None:
    notice = notified(client, shop)
    for notice_id, body, status in ((notice.id, {}, 422), (uuid.uuid4(), {"reason": "because"}, 404)):
        path = f"/admin/webhook-logs/{notice_id}/replay"
        assert client.simulate_post(path, headers=admin(shop), json=body).status_code == status
    assert AccessRecord.select().count() == 0
