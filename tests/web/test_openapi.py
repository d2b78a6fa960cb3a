"""The document is OpenAPI 3.1, complete, and tells the truth."""

from __future__ import annotations

import json
from typing import Any

import pytest
from falcon.testing import Result, TestClient
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from bitloot.shop import Shop
from tests.factories import a_payment, a_waiting_order, an_order
from tests.web.cast import admin, buyer, fulfilled_order, ipn_body, signed
from tests.web.conftest import Ask
from web.app import routes
from web.openapi import responders


@pytest.fixture
def contract(client: TestClient) -> dict[str, Any]:
    answer = client.simulate_get("/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json)


def check(contract: dict[str, Any], path: str, method: str, answer: Result) -> None:
    """The answer is one that the document promises."""
    promised = contract["paths"][path][method]["responses"][str(answer.status_code)]
    if "content" not in promised:
        assert answer.content == b""
        return
    media = answer.headers["content-type"].partition(";")[0]
    schema = promised["content"][media].get("schema", {})
    whole = {"components": contract["components"], **schema}
    OAS31Validator(whole).validate(answer.json if "json" in media else answer.text)


def test_it_is_valid(contract: dict[str, Any]) -> None:
    assert contract["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(contract).validate()


def test_it_is_complete_and_names_no_other_host(contract: dict[str, Any], shop: Shop) -> None:
    told = {(path, method) for path, methods in contract["paths"].items() for method in methods}
    assert len(told) == len(list(responders(routes(shop)))) >= 20
    assert ("/fulfillment/{orderId}/reveal", "post") in told
    assert "http://" not in json.dumps(contract)
    assert "https://" not in json.dumps(contract)


def test_every_reference_leads_somewhere(contract: dict[str, Any]) -> None:
    text = json.dumps(contract)
    for part in text.split('"$ref": "#/components/schemas/')[1:]:
        assert part.partition('"')[0] in contract["components"]["schemas"]


def test_answers_are_as_promised(
    client: TestClient, shop: Shop, place: Ask, contract: dict[str, Any]
) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    _, [purchase] = a_waiting_order()
    body = ipn_body(a_payment(an_order()))
    client.simulate_post("/payments/ipn", body=body, headers=signed(shop, body))
    mine, olga = buyer(shop, order), admin(shop)
    of_order = {"orderId": str(order.id), "reservationId": purchase.supplier_ref}
    for method, path, headers in (
        ("get", "/orders/{orderId}", mine),
        ("get", "/orders/{orderId}", olga),
        ("get", "/orders/{orderId}", {}),
        ("get", "/fulfillment/{orderId}/status", mine),
        ("get", "/fulfillment/{orderId}/download-link", mine),
        ("post", "/fulfillment/{orderId}/reveal", mine),
        ("post", "/fulfillment/{orderId}/reveal", olga),
        ("get", "/kinguin/status/{reservationId}", olga),
        ("get", "/admin/reservations", olga),
        ("get", "/admin/reservations", mine),
        ("get", "/admin/webhook-logs", olga),
        ("get", "/admin/key-audit/{orderId}", olga),
        ("get", "/healthz", {}),
        ("get", "/readyz", {}),
        ("get", "/metrics", {}),
        ("post", "/payments/ipn", {}),
    ):
        target = path.format(**of_order)
        check(contract, path, method, client.simulate_request(method.upper(), target, headers=headers))
    check(contract, "/orders", "post", place())
    check(contract, "/orders", "post", place(items=[]))
