"""A hold stands between an order and every purchase, whatever a worker saw before."""

from __future__ import annotations

from bitloot.settings import Settings
from bitloot.states import OrderState, PurchaseState
from db import intend, open_case
from db.base import transaction
from db.steering import hold_order, open_cases_of, release_order, standing_of
from tests.factories import a_paid_order, again


def test_no_purchase_begins_for_a_held_order(database: Settings) -> None:
    order = a_paid_order()
    [purchase] = intend(order)
    hold_order(order.id, who="admin:olga", reason="a stolen card")
    assert not purchase.start_call(PurchaseState.SENDING, 60)
    assert again(order).hold == "held by admin:olga: a stolen card"
    release_order(order.id)
    assert (again(order).held_at, again(order).hold) == (None, None)
    assert purchase.start_call(PurchaseState.SENDING, 60)


def test_it_is_told_where_an_order_stands(database: Settings) -> None:
    order = a_paid_order()
    intend(order)
    open_case(order.id, "x", "refund", {})
    open_case(order.id, "y", "purchase_failed", {})
    with transaction():
        found = standing_of(order.id, lock=True)
    assert found is not None
    assert (found.stand.state, found.stand.refunds, found.stand.may_buy_again) == (OrderState.PAID, 1, True)
    assert found.stand.purchases == {PurchaseState.INTENT}
    assert len(open_cases_of(order.id, "refund")) == 1
    assert standing_of(open_cases_of(order.id, "refund")[0]) is None
