"""Around every request."""

from __future__ import annotations

import re

import pytest
from falcon.testing import TestClient
from structlog.testing import capture_logs

from bitloot.shop import Shop
from tests.web.conftest import fresh_client, settled


def test_each_request_has_an_id(client: TestClient) -> None:
    one, two = client.simulate_get("/healthz"), client.simulate_get("/healthz")
    assert re.fullmatch(r"[0-9a-f]{16}", one.headers["x-request-id"])
    assert one.headers["x-request-id"] != two.headers["x-request-id"]


@pytest.mark.parametrize(("given", "kept"), [("0123-abcd-0123", True), ("x", False), ("a b\tc" * 5, False)])
def test_an_id_from_the_proxy_is_kept_if_it_is_one(client: TestClient, given: str, kept: bool) -> None:
    answer = client.simulate_get("/healthz", headers={"X-Request-Id": given})
    assert (answer.headers["x-request-id"] == given) is kept


def test_the_access_line_holds_no_query_and_no_header(client: TestClient) -> None:
    with capture_logs() as lines:
        client.simulate_get("/nowhere?token=sekret", headers={"Authorization": "Bearer sekret"})
    [line] = [line for line in lines if line.get("action") == "request"]
    assert (line["path"], line["status"], line["code"]) == ("/nowhere", 404, "not_found")
    assert "sekret" not in str(lines)


def test_https_is_insisted_on_where_it_is_spoken(shop: Shop, client: TestClient) -> None:
    assert "strict-transport-security" not in client.simulate_get("/healthz").headers
    secure = settled(shop, public_url="https://shop.example")
    assert "max-age" in secure.simulate_get("/healthz").headers["strict-transport-security"]
    assert fresh_client(shop).simulate_get("/healthz").headers["x-content-type-options"] == "nosniff"


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_methods_that_a_client_makes_up_are_counted_together(client: TestClient) -> None:
    for number in range(3):
        client.simulate_request(f"MADE-UP{number}", "/healthz")
    text = client.simulate_get("/metrics").text
    assert "MADE-UP" not in text
    assert 'bitloot_http_requests_total{method="OTHER"' in text


HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def test_every_answer_has_the_headers_that_browsers_obey(client: TestClient) -> None:
    for path in (
        "/",
        "/docs",
        "/console",
        "/openapi.json",
        "/nowhere",
        "/admin/cases",
        "/assets/style.css",
        "/healthz",
    ):
        headers = client.simulate_get(path).headers
        assert {name: headers.get(name) for name in HEADERS} == HEADERS, path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert "unsafe" not in headers["content-security-policy"], path
        if "json" in headers["content-type"]:
            assert headers["cache-control"] == "no-store", path


def test_no_other_site_reads_our_answers_by_default(client: TestClient) -> None:
    foreign = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for method in ("GET", "OPTIONS"):
        headers = client.simulate_request(method, "/orders", headers=foreign).headers
        assert not [name for name in headers if name.startswith("access-control")]


def test_a_named_site_may_call_and_never_by_our_cookie(shop: Shop) -> None:
    client = settled(shop, cors_origins=("https://games.example",))
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    granted = client.simulate_options("/orders", headers=asked | {"Origin": "https://games.example"}).headers
    assert granted["access-control-allow-origin"] == "https://games.example"
    assert "POST" in granted["access-control-allow-methods"]
    assert ("access-control-allow-credentials" in granted, granted["vary"]) == (False, "Origin")
    refused = client.simulate_options("/orders", headers=asked | {"Origin": "https://evil.example"}).headers
    assert "access-control-allow-origin" not in refused
