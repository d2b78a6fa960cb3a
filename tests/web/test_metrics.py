"""Figures, for those who may see them."""

from __future__ import annotations

from falcon.testing import TestClient

from bitloot.shop import Shop
from bitloot.states import OrderState
from db import base
from db.standing import Standstill
from db.stuck import raise_alarms
from tests.factories import a_paid_order, a_payment, an_order
from tests.web.cast import admin, buyer, ipn_body, signed
from web.metrics import OrdersCollector


def figure(client: TestClient, name: str) -> float:
    lines = client.simulate_get("/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def test_orders_are_counted_by_state_with_their_age(client: TestClient, shop: Shop) -> None:
    a_paid_order()
    an_order()
    text = client.simulate_get("/metrics").text
    assert 'bitloot_orders{state="paid"} 1.0' in text
    assert 'bitloot_orders{state="created"} 1.0' in text
    assert 'bitloot_order_oldest_seconds{state="paid"}' in text


def test_what_an_operator_is_woken_for_is_told(client: TestClient, shop: Shop) -> None:
    a_paid_order()
    base.rows("UPDATE orders SET moved_at = now() - interval '1 hour' RETURNING id")
    raise_alarms(OrderState.PAID, 60, 10)
    base.rows("UPDATE beats SET at = now() - interval '10 minutes' RETURNING name")
    text = client.simulate_get("/metrics").text
    assert 'bitloot_orders_stuck{state="paid"} 1.0' in text
    assert 'bitloot_cases_open{kind="stuck"} 1.0' in text
    assert figure(client, "bitloot_sweep_age_seconds") >= 600


def test_requests_and_notices_are_counted_by_what_came_of_them(client: TestClient, shop: Shop) -> None:
    notices = 'bitloot_notices_total{outcome="moved",source="nowpayments"}'
    requests = 'bitloot_http_requests_total{method="POST",route="/payments/ipn",status="200"}'
    before = figure(client, notices), figure(client, requests)
    body = ipn_body(a_payment(an_order()))
    client.simulate_post("/payments/ipn", body=body, headers=signed(shop, body))
    assert (figure(client, notices), figure(client, requests)) == (before[0] + 1, before[1] + 1)


def test_paths_that_lead_nowhere_do_not_become_labels(client: TestClient) -> None:
    client.simulate_get("/some/strangers/path")
    assert "strangers" not in client.simulate_get("/metrics").text


def test_who_comes_from_elsewhere_needs_an_admin_token(client: TestClient, shop: Shop) -> None:
    far = {"remote_addr": "203.0.113.9"}
    proxied = {"X-Forwarded-For": "203.0.113.9"}
    assert client.simulate_get("/metrics", **far).status_code == 401
    assert client.simulate_get("/metrics", headers=proxied).status_code == 401
    assert client.simulate_get("/metrics", headers=buyer(shop, an_order()), **far).status_code == 403
    assert client.simulate_get("/metrics", headers=admin(shop, "read-only"), **far).status_code == 200


def test_the_database_is_asked_once_for_many_scrapes(shop: Shop) -> None:
    asked = []

    def ask() -> list[Standstill]:
        asked.append(1)
        return [Standstill("paid", 3, 1.5)]

    collector = OrdersCollector(ask)
    for _ in range(5):
        count, age = collector.collect()
    assert len(asked) == 1
    assert (count.samples[0].value, age.samples[0].value) == (3, 1.5)
