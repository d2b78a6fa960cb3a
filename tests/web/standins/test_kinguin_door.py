"""Who may call Kinguin, and how it says no."""

from __future__ import annotations

import pytest

from tests.web.standins.caller import Caller

CALLS = [
    ("POST", "/v2/order"),
    ("POST", "/v1/order"),
    ("GET", "/v1/order"),
    ("GET", "/v1/order/P1"),
    ("GET", "/v2/order/P1/keys"),
    ("POST", "/v2/order/P1/keys/return"),
    ("GET", "/v1/balance"),
    ("GET", "/v1/products"),
    ("GET", "/v2/products/x"),
    ("GET", "/v1/regions"),
]


@pytest.mark.parametrize("headers", [{}, {"X-Api-Key": "wrong"}])
@pytest.mark.parametrize(("method", "path"), CALLS)
def test_a_wrong_key_is_refused(caller: Caller, method: str, path: str, headers: dict[str, str]) -> None:
    answer = caller.kinguin(method, path, headers=headers)
    body = answer.json()
    assert (answer.status_code, body["kind"], body["status"]) == (401, "Authorization", 401)
    assert body["detail"]
    assert body["type"]
    assert (body["path"], body["method"]) == (path, method)


def test_the_older_name_of_the_header_still_works(caller: Caller) -> None:
    headers = {"Api-Ecommerce-Auth": caller.config.kinguin_api_key}
    assert caller.kinguin("GET", "/v1/balance", headers=headers).status_code == 200


def test_an_unknown_order_is_not_found(caller: Caller) -> None:
    for method, path in CALLS[3:6]:
        answer = caller.kinguin(method, path)
        assert (answer.status_code, answer.json()["kind"]) == (404, "OrderNotFound")
