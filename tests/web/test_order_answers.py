"""What buyers send, and what orders look like."""

from __future__ import annotations

from typing import Any

from bitloot.settings import Settings
from db.order_facts import order_facts
from tests.factories import a_paid_order
from web.order_answers import PlaceOrder, order_view

WANTED: dict[str, Any] = {
    "email": "a@b.example",
    "items": [{"productId": "x", "quantity": 1}],
    "payCurrency": "BTC",
}


def digest(email: str = "a@b.example", **changes: Any) -> str:
    return PlaceOrder.model_validate(WANTED | changes).digest(email)


def test_the_digest_is_of_what_is_meant() -> None:
    assert digest() == digest(payCurrency="btc")
    others = {
        digest(payCurrency="eth"),
        digest("c@d.example"),
        digest(items=[{"productId": "x", "quantity": 2}]),
        digest(items=[{"productId": "y", "quantity": 1}]),
    }
    assert len(others | {digest()}) == 5


def test_a_buyer_sees_when_and_an_admin_sees_why(database: Settings) -> None:
    facts = order_facts(a_paid_order().id)
    assert facts is not None
    buyers, admins = order_view(facts, for_admin=False), order_view(facts, for_admin=True)
    assert [move.dst for move in buyers.moves] == ["created", "paid"]
    assert {move.reason for move in buyers.moves} == {None}
    assert admins.moves[1].reason == "payment finished"
    assert admins.moves[1].data
