"""A hold stands between an order and every purchase, whatever a worker saw before."""

from __future__ import annotations

from bitloot.order_actions import objection_to
from bitloot.settings import Settings
from bitloot.shop import Shop, open_shop
from bitloot.states import OrderState, PurchaseState
from db import Purchase, open_case
from db.base import transaction
from db.steering import hold_order, open_cases_of, release_order, standing_of
from tests.factories import a_paid_order, a_product, a_waiting_order, again, intend
from tests.web.cast import store_codes


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


def test_an_order_of_which_a_key_came_is_not_canceled_as_if_nothing_was_bought(database: Settings) -> None:
    shop: Shop = open_shop(database)
    order, [purchase] = a_waiting_order((a_product(), 2))
    store_codes(shop, order, purchase, b"AAAAA-11111")
    assert Purchase.get_by_id(purchase.id).advance(PurchaseState.FAILED, note="ended", error="canceled")
    assert again(order).advance(OrderState.FAILED, actor="finalize")
    found = standing_of(order.id)
    assert found is not None
    objection = objection_to("cancel", found.stand)
    assert objection is not None
    assert objection.code == "bought"
