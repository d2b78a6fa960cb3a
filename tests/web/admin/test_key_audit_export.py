"""GET /admin/key-audit/{orderId}/export."""

from __future__ import annotations

import csv
import io
import json
import uuid

from falcon.testing import TestClient

from bitloot.shop import Shop
from tests.web.cast import admin, buyer, fulfilled_order


def test_an_export_holds_every_record_itself_included_and_no_formula(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    headers = buyer(shop, order) | {"User-Agent": '=HYPERLINK("http://x")'}
    client.simulate_post(f"/fulfillment/{order.id}/reveal", headers=headers)
    path = f"/admin/key-audit/{order.id}/export"
    said = client.simulate_get(path, headers=admin(shop))
    assert said.headers["content-type"] == "text/csv; charset=utf-8"
    assert said.headers["content-disposition"].endswith('.csv"')
    rows = list(csv.DictReader(io.StringIO(said.text)))
    assert [(row["action"], row["actor"]) for row in rows] == [("reveal", "buyer"), ("export", "admin:olga")]
    assert rows[0]["user_agent"] == """'=HYPERLINK("http://x")"""
    said = client.simulate_get(path, params={"format": "jsonl"}, headers=admin(shop))
    assert [json.loads(line)["seq"] for line in said.text.splitlines()] == [1, 2, 3]


def test_what_is_not_there_or_not_asked_well_is_refused(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    path = f"/admin/key-audit/{order.id}/export"
    assert client.simulate_get(path, params={"format": "xls"}, headers=admin(shop)).status_code == 422
    for headers in (buyer(shop, order), admin(shop, "operator")):
        assert client.simulate_get(path, headers=headers).status_code == 403
    nothing = f"/admin/key-audit/{uuid.uuid4()}/export"
    assert client.simulate_get(nothing, headers=admin(shop)).status_code == 404
