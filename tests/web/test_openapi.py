"""The document is OpenAPI 3.1, complete, and tells the truth."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from falcon.inspect import inspect_routes
from falcon.testing import Result, TestClient
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic.alias_generators import to_camel

from bitloot.shop import Shop
from tests.factories import a_payment, a_waiting_order, an_order
from tests.web.cast import admin, buyer, fulfilled_order, ipn_body, signed
from tests.web.conftest import Ask
from web.app import create_app, routes
from web.openapi import responders

pytestmark = pytest.mark.usefixtures("promises_are_kept")


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


def test_it_tells_of_every_route_that_the_application_answers(contract: dict[str, Any], shop: Shop) -> None:
    """By the router itself, so that a route cannot be served and not be told of."""
    served = {
        (
            re.sub(r"\{(\w+)[^}]*\}", lambda one: "{" + to_camel(one[1]) + "}", route.path),
            method.method.lower(),
        )
        for route in inspect_routes(create_app(shop.settings, shop))
        for method in route.methods
        if not method.internal
    }
    assert served == {(path, method) for path, methods in contract["paths"].items() for method in methods}


def test_every_example_fits_its_schema(contract: dict[str, Any]) -> None:
    found = list(_examples(contract["paths"]))
    assert len(found) > 100
    for where, media in found:
        whole = {"components": contract["components"], **media["schema"]}
        problems = [error.message for error in OAS31Validator(whole).iter_errors(media["example"])]
        assert problems == [], (where, media["example"])


def _examples(paths: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in paths.items():
        for method, operation in methods.items():
            contents = [("body", operation.get("requestBody", {})), *operation["responses"].items()]
            for what, part in contents:
                for media in part.get("content", {}).values():
                    if "schema" in media:
                        yield f"{method} {path} {what}", media


def test_every_refusal_names_its_codes(contract: dict[str, Any]) -> None:
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                if "application/problem+json" in answer.get("content", {}) and operation["tags"] != [
                    "notices"
                ]:
                    assert "allOf" in str(answer) or status in {"500", "503"}, (path, method, status)


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
