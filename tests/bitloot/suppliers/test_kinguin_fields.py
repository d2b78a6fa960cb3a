"""Kinguin's orders and products in our words."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from bitloot.errors import Ambiguous, Malformed
from bitloot.states import SupplierStatus
from bitloot.suppliers.kinguin_fields import balance_of, keys_on_page, placed, quoted, results, standing


def _order(status: str, *keys: str, **more: Any) -> dict[str, Any]:
    listed = [{"id": f"k{n}", "status": word} for n, word in enumerate(keys)]
    return {"orderId": "P1", "status": status, "products": [{"keys": listed}], **more}


@pytest.mark.parametrize(
    ("order", "status", "ready"),
    [
        (_order("processing", "PENDING", "PROCESSING"), SupplierStatus.PENDING, 0),
        (_order("processing", "DELIVERED", "PENDING"), SupplierStatus.PARTLY_DELIVERED, 1),
        (_order("completed", "DELIVERED", "DELIVERED"), SupplierStatus.DELIVERED, 2),
        (_order("completed", totalQty=2), SupplierStatus.DELIVERED, 2),
        (_order("canceled", "CANCELED"), SupplierStatus.CANCELED, 0),
        (_order("cancelled"), SupplierStatus.CANCELED, 0),
        (_order("refunded", "DELIVERED", "REFUNDED"), SupplierStatus.REFUNDED, 1),
        (_order("COMPLETED", "delivered"), SupplierStatus.DELIVERED, 1),
        ({"orderId": "P1", "status": "processing"}, SupplierStatus.PENDING, 0),
        ({"orderId": "P1", "status": "processing", "products": None}, SupplierStatus.PENDING, 0),
    ],
)
def test_an_order_stands_where_its_keys_stand(order: Any, status: SupplierStatus, ready: int) -> None:
    told = standing(order)
    assert (told.status, told.keys_ready) == (status, ready)


@pytest.mark.parametrize("word", ["dreaming", "", None, 7])
def test_an_unknown_status_is_never_guessed(word: Any) -> None:
    with pytest.raises(Ambiguous):
        standing({"orderId": "P1", "status": word})


def test_a_placed_order_tells_when_and_how_many() -> None:
    order = placed(_order("processing", totalQty=3, createdAt="2026-01-02T03:04:05.678+00:00"), "BL-1")
    assert (order.keys_expected, order.status) == (3, SupplierStatus.PENDING)
    assert order.created_at == datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


@pytest.mark.parametrize(
    "change", [{"orderId": None}, {"totalQty": True}, {"totalQty": -1}, {"orderExternalId": "X"}]
)
def test_an_order_that_makes_no_sense_is_malformed(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        placed(_order("processing") | change, "BL-1")


def test_a_quote_counts_text_keys_where_it_can() -> None:
    product = {"price": Decimal("12.34"), "qty": 9, "textQty": 4, "isPreorder": False}
    assert (quoted(product).available, quoted(product).unit_price) == (4, Decimal("12.34"))
    assert quoted({"price": 12, "qty": 9, "isPreorder": True}).available == 9
    assert quoted({"price": 12, "qty": 9, "isPreorder": True}).preorder


@pytest.mark.parametrize(
    "product",
    [None, {}, {"price": -1, "qty": 1}, {"price": True, "qty": 1}, {"price": 1}, {"price": 1, "qty": "x"}],
)
def test_a_product_that_makes_no_sense_is_malformed(product: Any) -> None:
    with pytest.raises(Malformed):
        quoted(product)


def test_a_balance_is_an_amount() -> None:
    assert balance_of({"balance": Decimal("7.50")}) == Decimal("7.50")
    with pytest.raises(Malformed):
        balance_of({"balance": None})


@pytest.mark.parametrize("content", [None, {}, {"results": None}, {"results": [7]}, []])
def test_a_search_without_a_list_is_malformed(content: Any) -> None:
    with pytest.raises(Malformed):
        results(content)


@pytest.mark.parametrize("content", [None, {}, {"keys": []}, [7], [None]])
def test_keys_that_are_no_list_are_malformed(content: Any) -> None:
    with pytest.raises(Malformed):
        keys_on_page(content)


def test_a_text_key_keeps_every_character() -> None:
    (key,) = keys_on_page([{"id": "k", "serial": " Ключ-é ", "type": "text/plain; charset=utf-8"}])
    assert key.content.decode() == " Ключ-é "
    assert key.media_type == "text/plain"
