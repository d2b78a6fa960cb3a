"""The table of PROVIDERS.md §1.8, row by row, for the call that buys and for one that reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bitloot.answer import Answer, by_status
from bitloot.errors import Ambiguous, BitLootError, Blocked, Duplicate, Permanent, Retryable
from bitloot.suppliers.kinguin_errors import classify


def _error(method: str, status: int, body: bytes) -> BitLootError:
    answer = Answer(status, {}, body, method, "kinguin")
    error = classify(answer) or by_status(answer)
    assert error is not None
    return error


@pytest.mark.parametrize(
    ("kind", "status", "bought", "read", "code"),
    [
        ("ConstraintViolation", 400, Permanent, Permanent, "constraint_violation"),
        ("Authorization", 401, Blocked, Blocked, "unauthorized"),
        ("Authorization", 400, Blocked, Blocked, "authorization"),
        ("InsufficientBalance", 422, Blocked, Blocked, "insufficient_balance"),
        ("InsufficientBalance", 402, Blocked, Blocked, "insufficient_balance"),
        ("ProductUnavailable", 422, Permanent, Permanent, "product_unavailable"),
        ("OrderFailed", 422, Ambiguous, Retryable, "order_failed"),
        ("ResourceLock", 409, Ambiguous, Retryable, "resource_lock"),
        ("ResourceLock", 423, Ambiguous, Retryable, "resource_lock"),
        ("Preorder", 422, Permanent, Permanent, "preorder"),
        ("OrderNotSupported", 422, Permanent, Permanent, "order_not_supported"),
        ("NoKeysToReturn", 422, Permanent, Permanent, "no_keys_to_return"),
        ("Http", 400, Permanent, Permanent, "http"),
        ("OrderNotFound", 404, Permanent, Permanent, "order_not_found"),
        ("Error", 500, Ambiguous, Retryable, "http_500"),
        ("Error", 400, Ambiguous, Retryable, "error"),
        ("HttpClient", 404, Ambiguous, Permanent, None),
        ("HttpClient", 424, Ambiguous, Retryable, "http_client"),
        ("SomethingNew", 422, Ambiguous, Permanent, None),
        ("ProductUnavailable", 503, Ambiguous, Retryable, "http_503"),
        ("Anything", 429, Retryable, Retryable, "rate_limited"),
    ],
)
def test_each_kind_has_its_class(
    kind: str, status: int, bought: type[BitLootError], read: type[BitLootError], code: str | None
) -> None:
    body = json.dumps({"kind": kind, "status": status, "detail": "a secret"}).encode()
    for method, expected in (("POST", bought), ("GET", read)):
        error = _error(method, status, body)
        assert type(error) is expected
        assert code is None or error.code == code
        assert "secret" not in str(error)


@pytest.mark.parametrize(
    ("status", "bought", "read"),
    [
        (400, Ambiguous, Permanent),
        (401, Blocked, Blocked),
        (403, Blocked, Blocked),
        (404, Ambiguous, Permanent),
        (413, Ambiguous, Permanent),
        (422, Ambiguous, Permanent),
        (429, Retryable, Retryable),
        (500, Ambiguous, Retryable),
        (503, Ambiguous, Retryable),
    ],
)
@pytest.mark.parametrize(
    "body", [b"<html>edge</html>", b"", b"{}", b'{"kind":7}', b'{"kind":"<b>x</b>"}', b"[]"]
)
def test_after_buying_whatever_is_no_clear_refusal_is_in_doubt(
    status: int, body: bytes, bought: type[BitLootError], read: type[BitLootError]
) -> None:
    assert type(_error("POST", status, body)) is bought
    assert type(_error("GET", status, body)) is read


@pytest.mark.parametrize("status", [400, 409, 422])
@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "ConstraintViolation", "propertyPath": "orderExternalId"},
        {"kind": "ConstraintViolation", "detail": "orderExternalId already used"},
        {"kind": "OrderFailed", "detail": "The order external id must be unique"},
        {"kind": "ConstraintViolation", "title": "Duplicated order_external_id"},
        {"detail": "ORDEREXTERNALID exists"},
    ],
)
def test_a_refusal_about_our_reference_is_a_duplicate(status: int, fields: dict[str, Any]) -> None:
    error = _error("POST", status, json.dumps(fields).encode())
    assert type(error) is Duplicate
    assert type(_error("GET", status, json.dumps(fields).encode())) is not Duplicate


@pytest.mark.parametrize("kind", ["InsufficientBalance", "ProductUnavailable", "Authorization"])
def test_an_echo_of_our_reference_makes_no_duplicate(kind: str) -> None:
    body = json.dumps({"kind": kind, "detail": "order with orderExternalId BL-1 was refused"}).encode()
    assert type(_error("POST", 422, body)) is not Duplicate
    echo = {
        "kind": "ConstraintViolation",
        "propertyPath": "products",
        "invalidValue": {"orderExternalId": "BL-1"},
    }
    assert type(_error("POST", 422, json.dumps(echo).encode())) is Permanent
