"""Signed links to sealed objects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from falcon.testing import TestClient

from bitloot.shop import Shop
from db import AccessRecord
from tests.factories import a_paid_order, again
from tests.web.cast import buyer, fulfilled_order


def test_each_key_has_a_link_of_at_most_15_minutes(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111", b"BBBBB-22222")
    seen = client.simulate_get(f"/fulfillment/{order.id}/download-link", headers=buyer(shop, order)).json
    assert len(seen["links"]) == 2
    expires = datetime.fromisoformat(seen["expiresAt"])
    assert expires <= datetime.now(UTC) + timedelta(seconds=900)
    assert AccessRecord.get().action == "download_link"


def test_what_a_link_gives_is_sealed(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    [link] = client.simulate_get(f"/fulfillment/{order.id}/download-link", headers=buyer(shop, order)).json[
        "links"
    ]
    url = urlsplit(link["url"])
    answer = client.simulate_get(url.path, query_string=url.query)
    assert answer.status_code == 200
    assert b"AAAAA" not in answer.content
    assert len(answer.content) > len(b"AAAAA-11111")


def test_before_the_keys_are_there_is_no_link_and_nothing_moves(client: TestClient, shop: Shop) -> None:
    order = a_paid_order()
    answer = client.simulate_get(f"/fulfillment/{order.id}/download-link", headers=buyer(shop, order))
    assert (answer.status_code, answer.json["code"]) == (409, "not_ready")
    assert again(order).seq == order.seq
    assert AccessRecord.get().outcome == "not_ready"
