"""Refused deliveries are shown apart, and never as if they were true."""

from __future__ import annotations

import uuid

from falcon.testing import TestClient

from bitloot.shop import Shop
from db import AccessRecord
from tests.factories import an_order
from tests.web.cast import admin, buyer

LIST = "/admin/webhook-logs/refused"


def test_they_are_listed_with_the_reason_and_marked_untrusted(client: TestClient, shop: Shop) -> None:
    client.simulate_post("/kinguin/webhooks", body=b"{}", headers={"x-event-secret": "wrong"})
    found = client.simulate_get(LIST, headers=admin(shop, "read-only")).json
    [row] = found["data"]
    assert (found["total"], row["source"], row["verdict"], row["trusted"]) == (
        1,
        "kinguin",
        "bad_signature",
        False,
    )
    assert client.simulate_get("/admin/webhook-logs", headers=admin(shop)).json["total"] == 0
    assert client.simulate_get(LIST, headers=buyer(shop, an_order())).status_code == 403


def test_what_came_is_shown_redacted_and_the_look_is_recorded(client: TestClient, shop: Shop) -> None:
    body = b'{"key":"AAAAA-BBBBB-CCCCC","status":"completed"}'
    client.simulate_post("/kinguin/webhooks", body=body, headers={"x-event-secret": "wrong"})
    [row] = client.simulate_get(LIST, headers=admin(shop)).json["data"]
    seen = client.simulate_get(f"{LIST}/{row['id']}", headers=admin(shop)).json
    assert (seen["trusted"], seen["body"]) == (False, {"key": "(17 characters)", "status": "completed"})
    assert seen["headers"] == {"x-event-secret": "(5 characters)"}
    record = AccessRecord.get()
    assert (record.action, record.details) == ("notice_look", {"refused": row["id"]})
    assert client.simulate_get(f"{LIST}/{uuid.uuid4()}", headers=admin(shop)).status_code == 404
