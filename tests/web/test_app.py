"""All routes together: what is true of every one of them."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from falcon.testing import TestClient

from bitloot.shop import Shop
from bitloot.tokens import Role
from db import AccessRecord, Notice, Order, Payment, Product
from tests.factories import a_payment, an_order
from tests.web.cast import JSON, admin, bearer, buyer, fulfilled_order, ipn_body, signed
from tests.web.signing_in import Browser, an_account
from web.app import routes
from web.describe import Described, described, least_role
from web.openapi import responders

pytestmark = pytest.mark.usefixtures("promises_are_kept")

#: Routes of one order, as its buyer uses them: (method, path, body).
OF_AN_ORDER: list[tuple[str, str, Any]] = [
    ("GET", "/orders/{}", None),
    ("GET", "/fulfillment/{}/status", None),
    ("GET", "/fulfillment/{}/download-link", None),
    ("POST", "/fulfillment/{}/reveal", None),
    ("POST", "/fulfillment/{}/grant?line=1&number=1", None),
    ("POST", "/fulfillment/{}/deliver", {"reason": "stuck"}),
]


@dataclass(frozen=True)
class Asked:
    """A route as somebody asks for it, about things that are not there."""

    method: str
    path: str
    promise: Described

    @property
    def least(self) -> Role | None:
        return least_role(self.method, self.promise)

    @property
    def body(self) -> Any:
        return {"reason": "because"} if self.method not in {"GET", "DELETE"} else None


def all_routes(shop: Shop) -> list[Asked]:
    """Everything that the application answers, as its own list says."""
    return [
        Asked(
            method.upper(),
            re.sub(r"\{\w+(:uuid)?[^}]*\}", lambda one: str(uuid.uuid4()) if one[1] else "X", path),
            promise,
        )
        for path, method, promise in responders(routes(shop))
    ]


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


#: Who signs in is nobody yet.
DOORS = {"/admin/session", "/admin/session/mail-link", "/admin/session/redeem"}

RANKS: tuple[Role, ...] = ("read-only", "operator", "owner")


def test_whoever_writes_an_admin_route_says_that_it_is_one(shop: Shop) -> None:
    for asked in all_routes(shop):
        if asked.path.startswith("/admin") and not (asked.path in DOORS and asked.method == "POST"):
            assert asked.promise.who == "admin", asked.path


def test_every_route_gives_each_role_what_it_promises_and_no_more(client: TestClient, shop: Shop) -> None:
    stranger = buyer(shop, an_order())
    promised = [asked for asked in all_routes(shop) if asked.least is not None and asked.path != "/metrics"]
    assert len(promised) >= 25
    for method, path, body, least in ((one.method, one.path, one.body, one.least) for one in promised):
        assert least is not None
        assert client.simulate_request(method, path, json=body).status_code == 401, path
        refused = client.simulate_request(method, path, headers=stranger, json=body).status_code
        assert refused == (403 if path.startswith(("/admin", "/kinguin")) else 404), path
        for role in RANKS:
            answer = client.simulate_request(method, path, headers=admin(shop, role), json=body)
            may = RANKS.index(role) >= RANKS.index(least)
            forbidden = answer.status_code == 403 and answer.json["code"] == "forbidden"
            assert (answer.status_code != 401, forbidden) == (True, not may), (method, path, role)


def test_a_session_changes_nothing_from_a_page_that_is_not_ours(client: TestClient, shop: Shop) -> None:
    an_account()
    browser = Browser(client, shop)
    browser.sign_in()
    changing = [one for one in all_routes(shop) if one.least is not None and one.method != "GET"]
    assert len(changing) >= 9
    for asked in changing:
        answer = browser.ask(asked.method, asked.path, asked.body, Origin="https://evil.example")
        assert answer.json["code"] == "cross_site", asked.path


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
    for path, resource in routes(shop):
        methods = [name for name in dir(resource) if re.fullmatch(r"on_(get|post|put|patch|delete)", name)]
        assert methods
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
