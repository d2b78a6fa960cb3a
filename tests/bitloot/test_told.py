"""Figures as people read them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bitloot.gateways.base import PaymentNews
from bitloot.money import Expected, judge
from bitloot.states import PaymentState
from bitloot.told import sentence, tell

EXPECTED = Expected("order-1", Decimal("12"), "eur", "btc", Decimal("0.00020"), "77")


def told(figures: dict[str, Any]) -> dict[str, str]:
    return {one.label: one.text for one in tell(figures)}


def judged(**news: Any) -> dict[str, str]:
    """What the money gate's own figures read like."""
    known: dict[str, Any] = {
        "payment_id": "77",
        "order_id": "order-1",
        "price": Decimal(12),
        "currency": "eur",
    }
    known |= {"pay_amount": Decimal("0.00020"), "pay_currency": "btc", "state": PaymentState.PARTIALLY_PAID}
    return told(dict(judge(EXPECTED, PaymentNews(**(known | news))).figures))


def test_too_little_and_too_much_say_how_much() -> None:
    little = judged(actually_paid=Decimal("0.00015"))
    assert list(little.items())[:4] == [
        *(("Price", "12.00 EUR"), ("Expected", "0.0002 BTC"), ("Received", "0.00015 BTC")),
        ("Missing", "0.00005 BTC"),
    ]
    assert (little["Gateway says"], little["Payment"]) == ("partially paid", "77")
    assert judged(actually_paid=Decimal("0.00025"))["Too much"] == "0.00005 BTC"
    assert {"Missing", "Too much"}.isdisjoint(judged(actually_paid=Decimal("0.0002")))


def test_another_asset_and_another_price_stand_beside_ours() -> None:
    other = judged(actually_paid=Decimal("0.5"), pay_currency="eth")
    assert (other["Expected"], other["Received"]) == ("0.0002 BTC", "0.5 ETH")
    assert "Missing" not in other
    assert judged(price=Decimal("9.5"))["Price at the gateway"] == "9.50 EUR"
    assert "Price at the gateway" not in other
    assert judged(state=PaymentState.FINISHED, order_id=None)["Not told"] == "amount paid, order"


def test_nested_figures_read_as_if_they_stood_beside_and_what_says_nothing_is_left_out() -> None:
    assert told({"actor": "reserve", "reason": "out_of_stock", "data": {"supplier": "pool", "lines": 0}}) == {
        "Supplier": "pool",
        "Reason": "Sold out: the supplier has none left, or not so many.",
        "By": "reserve",
    }
    assert list(told({"reason": "currency", "data": {"error": "currency"}})) == ["Why"]
    assert told({"note": "attempt 2", "attempt": 2}) == {"Note": "attempt 2"}
    assert told({"deadline_seconds": 300, "subject": "paid"}) == {"Should take": "5 min"}


def test_a_figure_that_nobody_named_is_told_all_the_same() -> None:
    assert told({"odd_name": ["a", 1], "amount": "much", "coin": "btc"}) == {
        "Amount": "much BTC",
        "Odd name": "a, 1",
    }
    assert sentence({"error": "http_409", "supplier": "pool"}) == (
        "why it was refused with HTTP 409 (Conflict), supplier pool"
    )
