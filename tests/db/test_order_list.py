"""Orders are found by what is in them and by what is asked about them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bitloot.settings import Settings
from db import open_case
from db.order_list import ORDERS
from tests.factories import a_paid_order, a_payment, a_product, an_order


def found(**filters: Any) -> set[Any]:
    return {row.id for row in ORDERS.page(filters, limit=10).rows}


def test_orders_are_found_by_every_filter(database: Settings) -> None:
    game, other = a_product("kinguin"), a_product("reservations", price=Decimal("5.00"))
    paid = a_paid_order((game, 1))
    paid.park("supplier: balance", 60)
    placed = an_order((other, 2), email="Anna_B@example.test")
    payment = a_payment(placed)
    open_case(placed.id, payment.id, "underpaid", {})
    for filters, order in (
        *(({"state": "paid"}, paid), ({"state": "created"}, placed), ({"product_id": game.id}, paid)),
        *(({"supplier": "reservations"}, placed), ({"held": True}, paid), ({"held": False}, placed)),
        *(({"hold": "supplier: balance"}, paid), ({"open_case": True}, placed), ({"open_case": False}, paid)),
        *(({"case_kind": "underpaid"}, placed), ({"price_to": 10}, placed), ({"price_from": 11}, paid)),
        *(({"email": "anna_b@EXAMPLE.test"}, placed), ({"q": "anna_b"}, placed)),
        *(({"q": payment.gateway_payment_id}, placed), ({"q": str(placed.id)[:8]}, placed)),
        ({"since": placed.created_at, "pay_currency": "BTC", "gateway": "nowpayments"}, placed),
        ({"until": placed.created_at, "currency": "EUR"}, paid),
    ):
        assert found(**filters) == {order.id}, filters
    assert found(case_kind="late") == found(q="annaxb") == set()
