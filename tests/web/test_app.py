"""All routes together: what is true of every one of them."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from falcon.testing import TestClient

from bitloot.shop import Shop
from db import AccessRecord, Notice, Order, Payment, Product
from tests.factories import a_payment, an_order
from tests.web.cast import JSON, admin, bearer, buyer, fulfilled_order, ipn_body, signed
from web.app import routes
from web.describe import described
from web.openapi import responders

#: Routes of one order, as its buyer uses them: (method, path, body).
OF_AN_ORDER: list[tuple[str, str, Any]] = [
    ("GET", "/orders/{}", None),
    ("GET", "/fulfillment/{}/status", None),
    ("GET", "/fulfillment/{}/download-link", None),
    ("POST", "/fulfillment/{}/reveal", None),
    ("POST", "/fulfillment/{}/deliver", {"reason": "stuck"}),
]


def admin_routes(shop: Shop) -> list[tuple[str, str]]:
    """(method, path) of everything that only admins may do."""
    fill = {
        "order_id:uuid": str(uuid.uuid4()),
        "notice_id:uuid": str(uuid.uuid4()),
        "refused_id:uuid": str(uuid.uuid4()),
        "job_id:uuid": str(uuid.uuid4()),
        "case_id:uuid": str(uuid.uuid4()),
        "reservation_id": "X",
    }
    found = []
    for path, method, promise in responders(routes(shop)):
        if promise.who == "admin" and path != "/metrics":
            found.append((method.upper(), re.sub(r"\{([^}]+)\}", lambda field: fill[field[1]], path)))
    return found


@pytest.mark.parametrize(("method", "path", "body"), OF_AN_ORDER)
def test_the_token_of_one_order_finds_nothing_of_another(
    client: TestClient, shop: Shop, method: str, path: str, body: Any
) -> None:
    mine, other = fulfilled_order(shop, b"AAAAA-11111"), fulfilled_order(shop, b"BBBBB-22222")
    token = buyer(shop, mine)
    strangers = client.simulate_request(method, path.format(other.id), headers=token, json=body)
    nobodys = client.simulate_request(method, path.format(uuid.uuid4()), headers=token, json=body)
    assert strangers.status_code == 404
    assert (strangers.json, strangers.headers["content-type"]) == (
        nobodys.json,
        nobodys.headers["content-type"],
    )
    assert client.simulate_request(method, path.format(mine.id), headers=token, json=body).status_code != 404


@pytest.mark.parametrize(("method", "path", "body"), OF_AN_ORDER)
def test_no_token_or_a_bad_one_opens_nothing(
    client: TestClient, shop: Shop, method: str, path: str, body: Any
) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    bad = [{}, bearer("x.y.z"), {"Authorization": "Basic eDp5"}, bearer(""), bearer("é")]
    bad.append(bearer(shop.tokens.link(order.id, 1)))
    for headers in bad:
        answer = client.simulate_request(method, path.format(order.id), headers=headers, json=body)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert AccessRecord.select().count() == 0


def test_admin_routes_need_an_admin(client: TestClient, shop: Shop) -> None:
    token = buyer(shop, an_order())
    found = admin_routes(shop)
    assert len(found) >= 7
    for method, path in found:
        body = {"reason": "because"} if method == "POST" else None
        assert client.simulate_request(method, path, json=body).status_code == 401, path
        refused = client.simulate_request(method, path, headers=token, json=body).status_code
        assert refused == (404 if path.startswith("/fulfillment/") else 403), path


def test_a_reader_may_not_act(client: TestClient, shop: Shop) -> None:
    for method, path in admin_routes(shop):
        if method == "POST":
            answer = client.simulate_post(path, headers=admin(shop, "read-only"), json={"reason": "because"})
            assert (answer.status_code, answer.json["code"]) == (403, "forbidden"), path


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/orders/not-an-id", 404, "not_found"),
        ("DELETE", "/orders", 405, "method_not_allowed"),
        ("GET", "/payments/ipn", 405, "method_not_allowed"),
        ("GET", "/assets/../app.py", 404, "not_found"),
    ],
)
def test_every_refusal_is_a_problem_document(
    client: TestClient, method: str, path: str, status: int, code: str
) -> None:
    answer = client.simulate_request(method, path)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["status"] == status


def test_every_route_says_what_it_promises(shop: Shop) -> None:
    pages = {"/", "/docs", "/o/{order_id:uuid}", "/assets/{name}"}
    for path, resource in routes(shop):
        methods = [name for name in dir(resource) if re.fullmatch(r"on_(get|post|put|patch|delete)", name)]
        assert methods
        if path not in pages:
            assert all(described(getattr(resource, name)) for name in methods), path


def test_a_whole_purchase_from_the_outside(client: TestClient, shop: Shop) -> None:
    """Up to the point where the steps take over."""
    items = [{"productId": Product.select().first().sku, "quantity": 1}]
    wanted = {"email": "buyer@example.test", "items": items, "payCurrency": "ltc"}
    placed = client.simulate_post("/orders", json=wanted)
    order = Order.get_by_id(placed.json["orderId"])
    body = ipn_body(Payment.get(Payment.order == order.id))
    assert client.simulate_post("/payments/ipn", body=body, headers=signed(shop, body)).status_code == 200
    path = f"/fulfillment/{order.id}/status"
    seen = client.simulate_get(path, headers=bearer(placed.json["accessToken"]))
    assert seen.json["status"] == "paid"
    assert Notice.get().order_id == order.id


def test_rights_are_never_cached(client: TestClient, shop: Shop) -> None:
    order = an_order()
    a_payment(order)
    for path in (f"/orders/{order.id}", f"/fulfillment/{order.id}/status"):
        answer = client.simulate_get(path, headers=buyer(shop, order) | JSON)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
