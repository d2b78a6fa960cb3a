"""The directory store's links open what they were signed for, and nothing else."""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from falcon.testing import TestClient

from bitloot.shop import Shop
from tests.web.cast import fulfilled_order, sealed_objects


@pytest.fixture
def link(shop: Shop) -> tuple[str, dict[str, str]]:
    [name] = sealed_objects(fulfilled_order(shop, b"AAAAA-11111"))
    url = urlsplit(shop.store.signed_link(name, 60))
    return url.path, {key: values[0] for key, values in parse_qs(url.query).items()}


def test_a_signed_link_gives_the_sealed_bytes(
    client: TestClient, shop: Shop, link: tuple[str, dict[str, str]]
) -> None:
    path, params = link
    answer = client.simulate_get(path, params=params)
    assert answer.content == shop.store.get(path.removeprefix("/objects/"))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "attachment" in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": "x"},
        {"signature": "é"},
        {"expires": "99999999999"},
        {"expires": "1"},
    ],
)
def test_a_changed_link_opens_nothing(
    client: TestClient, link: tuple[str, dict[str, str]], changes: dict[str, str]
) -> None:
    path, params = link
    answer = client.simulate_get(path, params=params | changes)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_link_opens_no_other_object(
    client: TestClient, shop: Shop, link: tuple[str, dict[str, str]]
) -> None:
    _, params = link
    [other] = sealed_objects(fulfilled_order(shop, b"BBBBB-22222"))
    assert client.simulate_get(f"/objects/{other}", params=params).status_code == 403


def test_a_link_expires(client: TestClient, shop: Shop, link: tuple[str, dict[str, str]]) -> None:
    path, _ = link
    past = int(time.time()) - 1
    params = {"expires": str(past), "signature": shop.tokens.sign_path(path, past)}
    answer = client.simulate_get(path, params=params)
    assert (answer.status_code, answer.json["code"]) == (403, "expired_token")


@pytest.mark.parametrize("path", ["/objects/../secrets.env", "/objects/orders/..%2f..%2fx", "/objects/a%00b"])
def test_a_path_that_leads_elsewhere_opens_nothing_even_if_signed(
    client: TestClient, shop: Shop, path: str
) -> None:
    from urllib.parse import unquote

    expires = int(time.time()) + 60
    params = {"expires": str(expires), "signature": shop.tokens.sign_path(unquote(path), expires)}
    assert client.simulate_get(path, params=params).status_code in {400, 403, 404}


def test_a_link_without_its_parts_is_refused(client: TestClient, link: tuple[str, dict[str, str]]) -> None:
    path, params = link
    assert client.simulate_get(path).status_code == 400
    assert client.simulate_get(path, params=params | {"expires": "soon"}).status_code == 400
