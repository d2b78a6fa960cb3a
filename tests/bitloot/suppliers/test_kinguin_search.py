"""Kinguin's order search: nothing that is ours is missed, nothing that is a stranger's is taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses

from bitloot.errors import Permanent, Retryable
from bitloot.fetch import Fetch
from bitloot.states import SupplierStatus
from bitloot.suppliers.kinguin_search import MOST_LISTED_PAGES, PAGE, find, orders_between

BASE = "https://kinguin.test/esa/api"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def reads() -> Fetch:
    return Fetch(BASE, name="kinguin")


def order(number: int, minutes: float = 0, **more: Any) -> dict[str, Any]:
    made = (NOON + timedelta(minutes=minutes)).isoformat()
    return {"orderId": f"P{number}", "status": "processing", "createdAt": made, **more}


def told(*orders: Any, **query: str) -> None:
    match = [responses.matchers.query_param_matcher(query, strict_match=False)] if query else []
    responses.get(f"{BASE}/v1/order", json={"results": list(orders), "item_count": 10**6}, match=match)


@responses.activate
def test_what_was_ordered_in_a_time_is_listed_oldest_first(reads: Fetch) -> None:
    told(order(2, 5), order(1), order(3, 10), order(4, -1))
    listed = orders_between(reads, NOON, NOON + timedelta(minutes=10))
    assert [item.supplier_ref for item in listed] == ["P1", "P2"]
    asked = dict(parse_qsl(urlsplit(responses.calls[0].request.url or "").query))
    assert datetime.fromisoformat(asked["createdAtFrom"]) < NOON
    assert datetime.fromisoformat(asked["createdAtTo"]) > NOON + timedelta(minutes=10)


@responses.activate
def test_a_listed_order_tells_our_reference_and_what_it_cost(reads: Fetch) -> None:
    told(
        order(1, orderExternalId="BL-1", paymentPrice="12.34", totalPrice=13, totalQty=2, status="completed"),
        order(2, 1, totalPrice=5, status="dreaming"),
    )
    ours, other = orders_between(reads, NOON, NOON + timedelta(hours=1))
    assert (ours.purchase_ref, ours.status) == ("BL-1", SupplierStatus.DELIVERED)
    assert (ours.total, ours.currency, ours.quantity) == (Decimal("12.34"), "eur", 2)
    assert (other.purchase_ref, other.status, other.total, other.quantity) == (None, None, Decimal(5), None)


@responses.activate
def test_one_product_is_asked_for_and_compared(reads: Fetch) -> None:
    told(
        order(1, products=[{"productId": "abd"}]),
        order(2, products=[{"productId": "abc"}]),
        order(3),
        productId="abc",
    )
    listed = orders_between(reads, NOON, NOON + timedelta(hours=1), "abc")
    assert [item.supplier_ref for item in listed] == ["P2"]


@responses.activate
def test_pages_are_read_to_the_end_and_a_moved_order_counts_once(reads: Fetch) -> None:
    first = [order(number, 200 - number) for number in range(PAGE)]
    told(*first, page="1")
    told(first[-1], order(PAGE, 1), page="2")
    listed = orders_between(reads, NOON, NOON + timedelta(hours=10))
    assert len(listed) == PAGE + 1


@responses.activate
def test_more_than_can_be_read_is_refused_not_cut(reads: Fetch) -> None:
    told(*[order(number) for number in range(PAGE)])
    with pytest.raises(Permanent) as endless:
        orders_between(reads, NOON, NOON + timedelta(hours=1))
    assert endless.value.code == "too_many_orders"
    assert len(responses.calls) == MOST_LISTED_PAGES


@pytest.mark.parametrize("strange", [{"createdAt": None}, {"orderId": None}, {"totalPrice": "free"}])
@responses.activate
def test_an_order_that_makes_no_sense_makes_the_list_unreadable(
    reads: Fetch, strange: dict[str, Any]
) -> None:
    told(order(1) | strange)
    with pytest.raises(Retryable) as unreadable:
        orders_between(reads, NOON, NOON + timedelta(hours=1))
    assert unreadable.value.code == "unreadable"


@responses.activate
def test_one_order_on_two_pages_was_bought_once(reads: Fetch) -> None:
    ours = order(0, orderExternalId="BL-1")
    told(ours, *[order(number) for number in range(1, PAGE)], page="1")
    told(ours, page="2")
    assert [found.supplier_ref for found in find(reads, "BL-1")] == ["P0"]
