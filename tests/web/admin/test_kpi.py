"""GET /admin/kpi."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from falcon.testing import TestClient

from bitloot.shop import Shop
from tests.factories import a_paid_order
from tests.timeline import finished, stamp
from tests.web.cast import admin, bearer, buyer


def test_figures_with_the_misses_among_them(client: TestClient, shop: Shop) -> None:
    finished()
    a_paid_order()
    told = client.simulate_get("/admin/kpi", headers=admin(shop, "read-only")).json
    assert (told["orders"], told["missed"]) == (2, 1)
    assert told["states"] == {"fulfilled": 1, "paid": 1}
    assert told["timeToKey"]["p50"] > 0
    assert told["timeToKey"]["p95"] is None
    assert [(share["seconds"], share["orders"], share["share"]) for share in told["within"]] == [
        (10, 1, 0.5),
        (60, 1, 0.5),
        (300, 1, 0.5),
    ]
    assert [phase["phase"] for phase in told["phases"]][:2] == ["intent", "accepted"]
    assert set(told["ours"]) == {"orders", "ended", "p50", "p95"}


def test_a_shop_without_orders_has_no_share(client: TestClient, shop: Shop) -> None:
    told = client.simulate_get("/admin/kpi", headers=admin(shop)).json
    assert (told["orders"], told["within"][0]["share"], told["supplier"]["p95"]) == (0, None, None)


def test_the_time_may_be_named(client: TestClient, shop: Shop) -> None:
    paid = datetime(2026, 3, 1, 12, tzinfo=UTC)
    stamp(a_paid_order(), paid)
    since, until = (quote((paid + timedelta(hours=hours)).isoformat()) for hours in (-1, 1))
    path = f"/admin/kpi?since={since}&until={until}"
    assert client.simulate_get(path, headers=admin(shop)).json["orders"] == 1
    assert client.simulate_get("/admin/kpi", headers=admin(shop)).json["orders"] == 0


@pytest.mark.parametrize(
    "query",
    [
        "until=0001-01-01T00:00:00Z",
        "since=2026-03-02T00:00:00Z&until=2026-03-01T00:00:00Z",
        "since=2020-01-01T00:00:00Z",
        "since=soon",
        "page=1",
    ],
)
def test_a_time_that_makes_no_sense_is_refused(client: TestClient, shop: Shop, query: str) -> None:
    refused = client.simulate_get(f"/admin/kpi?{query}", headers=admin(shop))
    assert (refused.status_code, refused.json["code"]) == (422, "invalid")


def test_only_operators_see_it(client: TestClient, shop: Shop) -> None:
    order = a_paid_order()
    assert client.simulate_get("/admin/kpi").status_code == 401
    assert client.simulate_get("/admin/kpi", headers=bearer("nonsense")).status_code == 401
    assert client.simulate_get("/admin/kpi", headers=buyer(shop, order)).status_code == 403


def test_it_is_documented(client: TestClient) -> None:
    operation = client.simulate_get("/openapi.json").json["paths"]["/admin/kpi"]["get"]
    assert {parameter["name"] for parameter in operation["parameters"]} == {"since", "until"}
