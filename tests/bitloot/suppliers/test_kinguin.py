"""Kinguin keeps the contract of a supplier, and what its own API adds to it."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
import requests
import responses
from pydantic import SecretStr

from bitloot.errors import Ambiguous, BitLootError, Blocked, Duplicate, Permanent, Retryable
from bitloot.states import SupplierStatus
from bitloot.suppliers.base import Wanted
from bitloot.suppliers.kinguin import Kinguin
from bitloot.suppliers.kinguin_search import MOST_PAGES, PAGE
from tests.bitloot.rude_server import answering, serving
from tests.bitloot.suppliers.bench import Bench
from tests.bitloot.suppliers.contract import Contract
from tests.waiting import until
from web.standins import RunningStandins

BASE = "https://kinguin.test/esa/api"

WANTED = Wanted("65b1f0a2c3d4e5f601020301", 1, Decimal("12.34"), "eur")

PICTURE = "65b1f0a2c3d4e5f601020304"


@pytest.fixture
def bench(standins: RunningStandins) -> Bench:
    config = standins.shop.config
    secret = SecretStr(config.kinguin_secret)
    stranger, other = SecretStr("a-key-of-nobody"), SecretStr("another-secret")
    return Bench(
        supplier=Kinguin(standins.kinguin_url, SecretStr(config.kinguin_api_key), secret, timeout=10),
        hasty=Kinguin(standins.kinguin_url, SecretStr(config.kinguin_api_key), secret, timeout=0.5),
        stranger=Kinguin(standins.kinguin_url, stranger, other, timeout=5),
        nowhere=Kinguin("http://127.0.0.1:1", stranger, other, timeout=5),
        standins=standins,
        wanted=WANTED,
        sold_out="65b1f0a2c3d4e5f601020305",
        money_point="kinguin.place_order",
        status_point="kinguin.read_order",
        keys_point="kinguin.read_keys",
        receiver=partial(serving, answering("204 No Content")),
    )


@pytest.fixture
def lonely() -> Kinguin:
    return Kinguin(BASE, SecretStr("k" * 32), SecretStr("s" * 32))


class TestKinguinKeepsTheContract(Contract):
    pass


# --- over HTTP


def test_a_picture_key_comes_as_the_pictures_bytes(bench: Bench) -> None:
    _, supplier_ref = bench.buy(product_ref=PICTURE, max_price=Decimal("7.80"), text_only=False)
    until(lambda: bench.supplier.fetch_keys(supplier_ref, 1).complete, what="delivery")
    keys = bench.supplier.fetch_keys(supplier_ref, 1)
    assert keys.keys[0].media_type == "image/png"
    assert keys.keys[0].content.startswith(b"\x89PNG")


def test_a_price_below_the_market_buys_nothing(bench: Bench) -> None:
    with pytest.raises(Permanent) as refused:
        bench.begin(max_price=Decimal("12.33"))
    assert refused.value.code == "product_unavailable"


def test_an_empty_purse_blocks(bench: Bench) -> None:
    purse = f"{bench.standins.control_url}/kinguin/balance"
    assert requests.post(purse, json={"balance": "1.00"}, timeout=10).ok
    try:
        with pytest.raises(Blocked) as blocked:
            bench.begin()
        assert blocked.value.code == "insufficient_balance"
        assert bench.supplier.balance() == (Decimal("1.00"), "eur")
    finally:
        assert requests.post(purse, json={"balance": "1000000"}, timeout=10).ok


def test_an_unknown_order_is_permanent(bench: Bench) -> None:
    with pytest.raises(Permanent) as unknown:
        bench.supplier.status("PAAAAAAAAAA")
    assert unknown.value.code == "order_not_found"
    with pytest.raises(Permanent):
        bench.supplier.fetch_keys("PAAAAAAAAAA", 1)


def test_a_sold_out_product_has_no_quote(bench: Bench) -> None:
    with pytest.raises(Permanent) as refused:
        bench.supplier.quote(bench.sold_out, 1)
    assert refused.value.code == "product_unavailable"


def test_a_search_that_lags_finds_nothing_yet(bench: Bench) -> None:
    bench.fault("kinguin.search_orders", "search_lag", seconds=3600)
    ref, supplier_ref = bench.buy()
    assert list(bench.supplier.find(ref)) == []
    assert [order.supplier_ref for order in bench.supplier.find(ref)] == [supplier_ref]


# --- what goes out


@responses.activate
def test_the_order_names_its_price_as_a_number_and_our_reference(lonely: Kinguin) -> None:
    responses.post(
        f"{BASE}/v2/order", json={"orderId": "P1", "status": "processing", "totalQty": 2}, status=201
    )
    placed = lonely.begin("BL-1", Wanted("abc", 2, Decimal("12.30"), "EUR"))
    assert (placed.supplier_ref, placed.status, placed.keys_expected) == ("P1", SupplierStatus.PENDING, 2)
    sent = responses.calls[0].request
    assert sent.headers["X-Api-Key"] == "k" * 32
    assert sent.body == (
        b'{"products":[{"productId":"abc","qty":2,"price":12.30,"keyType":"text"}],"orderExternalId":"BL-1"}'
    )


@responses.activate
def test_any_kind_of_key_is_asked_for_by_asking_for_none(lonely: Kinguin) -> None:
    responses.post(f"{BASE}/v2/order", json={"orderId": "P1", "status": "processing"}, status=201)
    lonely.begin("BL-1", Wanted("abc", 1, Decimal(1), "eur", text_only=False))
    assert isinstance(responses.calls[0].request.body, bytes)
    assert "keyType" not in json.loads(responses.calls[0].request.body)["products"][0]


def test_another_currency_is_never_sent(lonely: Kinguin) -> None:
    with pytest.raises(Permanent) as refused:
        lonely.begin("BL-1", Wanted("abc", 1, Decimal(1), "usd"))
    assert refused.value.code == "currency"


# --- answers


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"orderId": ""},
        {"orderId": "../x", "status": "processing"},
        {"orderId": 7, "status": "processing"},
        {"orderId": "P1", "orderExternalId": "BL-2", "status": "processing"},
        {"orderId": "P1", "status": "processing", "totalQty": "many"},
    ],
)
@responses.activate
def test_an_accepted_order_that_makes_no_sense_is_in_doubt(lonely: Kinguin, body: Any) -> None:
    responses.post(f"{BASE}/v2/order", json=body, status=201)
    with pytest.raises(Ambiguous) as doubt:
        lonely.begin("BL-1", WANTED)
    assert doubt.value.code == "unreadable"


@responses.activate
def test_an_accepted_order_with_a_strange_status_is_placed(lonely: Kinguin) -> None:
    responses.post(f"{BASE}/v2/order", json={"orderId": "P1", "status": "dreaming"}, status=201)
    assert lonely.begin("BL-1", WANTED).supplier_ref == "P1"


@responses.activate
def test_strangers_orders_are_never_adopted(lonely: Kinguin) -> None:
    """As if the filter were ignored (PROVIDERS.md §7.2)."""
    orders = [
        {"orderId": "P1", "orderExternalId": "BL-10", "status": "completed"},
        {"orderId": "P2", "status": "completed"},
        {
            "orderId": "P4",
            "orderExternalId": "BL-1",
            "status": "processing",
            "createdAt": "2026-01-02T03:04:05Z",
        },
        {
            "orderId": "P3",
            "orderExternalId": "BL-1",
            "status": "canceled",
            "createdAt": "2026-01-01T00:00:00Z",
        },
        {"orderId": "P5", "orderExternalId": "BL-1", "status": "processing"},
        {"orderId": "P6", "orderExternalId": "bl-1", "status": "processing"},
    ]
    responses.get(f"{BASE}/v1/order", json={"results": orders, "item_count": len(orders)})
    assert [order.supplier_ref for order in lonely.find("BL-1")] == ["P3", "P4", "P5"]


@responses.activate
def test_a_search_without_end_says_neither_yes_nor_no(lonely: Kinguin) -> None:
    stranger = {"orderId": "P1", "orderExternalId": "BL-9", "status": "completed"}
    responses.get(f"{BASE}/v1/order", json={"results": [stranger] * PAGE, "item_count": 10**6})
    with pytest.raises(Retryable) as endless:
        lonely.find("BL-1")
    assert endless.value.code == "search_too_long"
    assert len(responses.calls) == MOST_PAGES


@responses.activate
@pytest.mark.parametrize("status", [400, 404, 405, 422])
def test_a_search_that_is_not_there_is_no_verdict_on_the_order(lonely: Kinguin, status: int) -> None:
    responses.get(f"{BASE}/v1/order", json={"kind": "HttpClient", "status": status}, status=status)
    with pytest.raises((Blocked, Retryable)):
        lonely.find("BL-1")


@responses.activate
def test_keys_are_paged_to_the_end(lonely: Kinguin) -> None:
    pages = [PAGE, PAGE, 30]
    for number, size in enumerate(pages, 1):
        keys = [
            {"id": f"k{number}-{n}", "serial": f"S-{number}-{n}", "type": "text/plain"} for n in range(size)
        ]
        query = responses.matchers.query_param_matcher({"page": str(number), "limit": str(PAGE)})
        responses.get(f"{BASE}/v2/order/P1/keys", json=keys, match=[query])
    keys_read = lonely.fetch_keys("P1", 230)
    assert keys_read.complete
    assert len(keys_read.keys) == 230
    assert keys_read.keys[-1].content == b"S-3-29"


@responses.activate
def test_a_page_that_repeats_for_ever_ends(lonely: Kinguin) -> None:
    page = [{"id": f"k{n}", "serial": "S", "type": "text/plain"} for n in range(PAGE)]
    responses.get(f"{BASE}/v2/order/P1/keys", json=page)
    assert len(lonely.fetch_keys("P1", 250).keys) == PAGE


@responses.activate
def test_keys_that_are_not_there_yet_may_be_a_404(lonely: Kinguin) -> None:
    responses.get(f"{BASE}/v2/order/P1/keys", json={"kind": "HttpClient", "status": 404}, status=404)
    assert lonely.fetch_keys("P1", 1).keys == ()


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ({"id": "k", "serial": "not base64!", "type": "image/png"}, Retryable),
        ({"id": "k", "serial": "", "type": "text/plain"}, Retryable),
        ({"id": "k", "serial": "S", "type": "application/pdf"}, Permanent),
        ({"serial": "S", "type": "text/plain"}, Retryable),
    ],
)
@responses.activate
def test_a_key_that_makes_no_sense_is_not_stored(lonely: Kinguin, key: Any, kind: type[BitLootError]) -> None:
    responses.get(f"{BASE}/v2/order/P1/keys", json=[key])
    with pytest.raises(kind) as refused:
        lonely.fetch_keys("P1", 1)
    assert "not base64" not in str(refused.value)
    assert refused.value.__context__ is None


@responses.activate
def test_a_picture_may_have_line_breaks(lonely: Kinguin) -> None:
    text = base64.encodebytes(b"GIF89a" * 30).decode()
    responses.get(f"{BASE}/v2/order/P1/keys", json=[{"id": "k", "serial": text, "type": "image/gif"}])
    assert lonely.fetch_keys("P1", 1).keys[0].content == b"GIF89a" * 30


@responses.activate
def test_a_status_that_we_do_not_know_is_ambiguous(lonely: Kinguin) -> None:
    responses.get(f"{BASE}/v1/order/P1", json={"orderId": "P1", "status": "dreaming"})
    with pytest.raises(Ambiguous) as unknown:
        lonely.status("P1")
    assert unknown.value.code == "unknown_status"


@responses.activate
def test_a_known_reference_is_a_duplicate(lonely: Kinguin) -> None:
    refusal = {"kind": "ConstraintViolation", "status": 422, "detail": "orderExternalId already used"}
    responses.post(f"{BASE}/v2/order", json=refusal, status=422)
    with pytest.raises(Duplicate):
        lonely.begin("BL-1", WANTED)
