"""A list as pages, by cursor, and as a file."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from falcon.testing import TestClient

from bitloot.shop import Shop
from bitloot.tokens import BadToken
from db import AccessRecord
from db.lists import Listing
from db.revocations import revoke_admin
from tests.factories import an_order
from tests.web.cast import admin, bearer


def ids(text: str) -> list[str]:
    return [json.loads(line)["id"] for line in text.splitlines()]


def test_a_file_holds_all_that_the_filter_finds_in_order_and_is_recorded(
    client: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.admin.listing.BATCH", 2)
    made = [str(an_order().id) for _ in range(5)]
    an_order(email="=cmd@example.test")
    path = "/admin/orders/export?format=jsonl&email=buyer@example.test&sort=createdAt"
    saved = client.simulate_get(path, headers=admin(shop, "read-only"))
    assert ids(saved.text) == made
    assert saved.headers["content-disposition"] == 'attachment; filename="orders.jsonl"'
    record = AccessRecord.get()
    assert (record.action, record.actor, record.outcome) == ("export", "admin:olga", "granted")
    assert record.details["filter"] == {"email": "buyer@example.test"}
    table = client.simulate_get("/admin/orders/export", headers=admin(shop))
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert len(rows) == 6
    assert rows[0]["email"] == "'=cmd@example.test"


def test_an_export_ends_with_its_readers_right_and_the_records_say_how_far_it_came(
    client: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.admin.listing.BATCH", 2)
    for _ in range(5):
        an_order()
    read = Listing.batch

    def meanwhile(*args: Any, **asked: Any) -> Any:
        found = read(*args, **asked)
        revoke_admin("olga", who="otto", reason="left us")
        return found

    monkeypatch.setattr(Listing, "batch", meanwhile)
    with pytest.raises(BadToken):  # what the server makes a cut answer of
        client.simulate_get("/admin/orders/export", headers=admin(shop))
    granted, cut = AccessRecord.select().order_by(AccessRecord.id)
    assert (granted.outcome, cut.action, cut.actor, cut.outcome) == ("granted", "export", "admin:olga", "cut")
    assert cut.details == {"list": "orders", "why": "revoked_token", "rows": 2}
    assert client.simulate_get("/admin/orders/export", headers=bearer(otto(shop))).status_code == 200


def otto(shop: Shop) -> str:
    return shop.tokens.admin("otto", "read-only", 600)


def test_a_place_that_is_none_is_refused(client: TestClient, shop: Shop) -> None:
    for _ in range(2):
        an_order()
    onward = client.simulate_get("/admin/orders?limit=1", headers=admin(shop)).json["nextCursor"]
    for query, at in (
        (f"cursor={onward}&sort=createdAt", "cursor"),
        ("cursor=bm9uZQ", "cursor"),
        ("page=401", "page"),
    ):
        for path in ("/admin/orders", "/admin/orders/export")[: 1 if at == "page" else 2]:
            refused = client.simulate_get(f"{path}?{query}", headers=admin(shop))
            assert refused.status_code == 422
            assert refused.json["errors"][0]["at"] == at
    assert AccessRecord.select().count() == 0
