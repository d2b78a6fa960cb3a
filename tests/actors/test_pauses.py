"""Coming back later, and asking a person."""

from __future__ import annotations

from actors.pauses import SLOWEST, pause_for, report_refusal
from bitloot.errors import Permanent
from bitloot.shop import Shop
from db import Case, base
from tests.factories import a_waiting_order, again


def test_an_old_order_is_looked_at_less_often_but_always_again(shop: Shop) -> None:
    order, _ = a_waiting_order()
    young = pause_for(again(order))
    base.rows("UPDATE orders SET moved_at = now() - interval '4 minutes' RETURNING id")
    middle = pause_for(again(order))
    base.rows("UPDATE orders SET moved_at = now() - interval '4 days' RETURNING id")
    assert (young, pause_for(again(order))) == (shop.settings.poll_seconds, SLOWEST)
    assert 55 < middle < 65


def test_one_refusal_is_one_case(shop: Shop) -> None:
    _, (purchase,) = a_waiting_order()
    for _ in range(3):
        report_refusal(purchase, Permanent("no", code="not_found"))
    assert Case.select().count() == 1
    assert Case.get().figures["error"] == "not_found"
