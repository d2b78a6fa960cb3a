"""Kinguin's products, balance and lists over real HTTP."""

from __future__ import annotations

import pytest

from tests.web.standins.caller import LANTERNS, LIGHTHOUSE, ORBIT, Caller

# PROVIDERS.md §1.2
FIELDS = {
    *("kinguinId", "productId", "name", "platform", "qty", "textQty", "price", "cheapestOfferId", "offers"),
    *("offersCount", "totalQty", "isPreorder", "releaseDate", "regionId", "regionalLimitations"),
    *("countryLimitation", "activationDetails", "updatedAt"),
}


def test_a_product_is_found_by_number_and_by_text(caller: Caller) -> None:
    old = caller.kinguin("GET", "/v1/products/910001")
    new = caller.kinguin("GET", f"/v2/products/{ORBIT}")
    assert (old.status_code, old.json()) == (200, new.json())
    assert set(new.json()) >= FIELDS
    assert (new.json()["productId"], new.json()["price"]) == (ORBIT, 12.34)


def test_numbers_and_texts_do_not_mix(caller: Caller) -> None:
    assert caller.kinguin("GET", "/v2/products/910001").status_code == 404
    assert caller.kinguin("GET", "/v1/products/0").status_code == 404


def test_out_of_stock_looks_like_unknown(caller: Caller) -> None:
    for ref in (LIGHTHOUSE, "f" * 24):
        answer = caller.kinguin("GET", f"/v2/products/{ref}")
        assert (answer.status_code, answer.json()["kind"], answer.json()["status"]) == (
            404,
            "HttpClient",
            404,
        )


def test_a_product_with_pictures_only_has_no_text_stock(caller: Caller) -> None:
    product = caller.kinguin("GET", f"/v2/products/{LANTERNS}").json()
    assert product["qty"] > 0
    assert product["textQty"] == 0


def test_the_search_filters_and_pages(caller: Caller) -> None:
    everything = caller.kinguin("GET", "/v1/products").json()
    assert everything["item_count"] == len(everything["results"]) == 5
    second = caller.kinguin("GET", "/v1/products?page=2&limit=2").json()
    assert second["results"] == everything["results"][2:4]
    assert second["item_count"] == 5
    [found] = caller.kinguin("GET", "/v1/products?name=orbit").json()["results"]
    assert found["productId"] == ORBIT


@pytest.mark.parametrize("query", ["limit=101", "limit=0", "page=0", "page=x", "name=ab"])
def test_a_search_out_of_range_is_refused(caller: Caller, query: str) -> None:
    answer = caller.kinguin("GET", f"/v1/products?{query}")
    assert (answer.status_code, answer.json()["kind"]) == (400, "ConstraintViolation")


def test_balance_and_lists(caller: Caller) -> None:
    assert caller.kinguin("GET", "/v1/balance").json() == {"balance": 1_000_000}
    for name in ("regions", "platforms", "genres"):
        assert isinstance(caller.kinguin("GET", f"/v1/{name}").json(), list)
