"""Without JavaScript: where the order stands, for whoever knows its address, and nothing about it for others."""

from __future__ import annotations

import uuid
from urllib.parse import urlencode

from falcon.testing import Result, TestClient

from bitloot.shop import Shop
from bitloot.states import OrderState
from tests.factories import a_paid_order
from tests.web.cast import fulfilled_order
from tests.web.conftest import settled
from web.pages import FOLDER
from web.plain_status import PROBLEMS, TEXTS, UNKNOWN

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def ask(client: TestClient, order: object, email: str) -> Result:
    return client.simulate_post(f"/o/{order}", body=urlencode({"email": email}), headers=FORM)


def test_the_page_says_where_the_order_stands(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    page = ask(client, order.id, "Buyer@example.test")
    assert page.headers["content-type"].startswith("text/html")
    assert "Your keys are here" in page.text
    assert "AAAAA" not in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"


def test_a_wrong_address_and_no_order_look_alike(client: TestClient, shop: Shop) -> None:
    order = fulfilled_order(shop, b"AAAAA-11111")
    wrong, nothing = ask(client, order.id, "other@example.test"), uuid.uuid4()
    told = ask(client, nothing, "buyer@example.test")
    assert wrong.status_code == told.status_code == 200
    assert wrong.text.replace(str(order.id)[:8], "") == told.text.replace(str(nothing)[:8], "")
    assert UNKNOWN in wrong.text


def test_what_is_typed_is_never_markup_and_only_a_form_is_read(client: TestClient) -> None:
    assert "<script>" not in ask(client, uuid.uuid4(), "<script>alert(1)</script>").text
    assert client.simulate_post(f"/o/{uuid.uuid4()}", json={"email": "a@b.c"}).status_code == 415
    assert ask(client, uuid.uuid4(), "a" * 5000).status_code == 413
    assert client.simulate_post(f"/o/{uuid.uuid4()}", body="a=1&" * 9, headers=FORM).status_code == 400


def test_every_state_has_its_words_and_both_pages_say_the_same() -> None:
    script = (FOLDER / "order.js").read_text()
    assert set(TEXTS) == set(OrderState)
    said = [*TEXTS.items(), *PROBLEMS.items()]
    assert [text for state, text in said if f'{state}: ["{text}", ' not in script] == []


def test_whoever_bought_what_is_sold_out_is_told_so(client: TestClient) -> None:
    order = a_paid_order()
    assert order.advance(OrderState.FAILED, actor="reserve", reason="out_of_stock")
    assert PROBLEMS["sold_out"] in ask(client, order.id, "buyer@example.test").text


def test_the_orders_page_alone_may_fetch_from_the_store(shop: Shop) -> None:
    own = {"store": "s3", "s3_endpoint_url": "https://account.r2.example:8443/ignored"}
    client = settled(shop, **own)
    policies = [
        client.simulate_get(path).headers["content-security-policy"]
        for path in (f"/o/{uuid.uuid4()}", "/docs")
    ]
    assert ["https://account.r2.example:8443 ws://" in policy for policy in policies] == [True, False]
    assert "ignored" not in policies[0]
