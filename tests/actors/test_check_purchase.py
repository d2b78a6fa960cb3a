"""A purchase whose order goes on no more is read and told about, and never bought."""

from __future__ import annotations

import pytest

from actors.check_purchase import check_purchase
from actors.reserve import reserve
from bitloot.shop import Shop
from bitloot.states import OrderState, PurchaseState
from db import Case, Order, Purchase, base
from tests.actors.conftest import KINGUIN, PaidOrder, fault
from tests.actors.ledger import charged, pass_time
from tests.factories import again
from tests.waiting import until
from web.standins.server import RunningStandins

DEAD = [OrderState.FAILED, OrderState.REFUND_DUE, OrderState.REVIEW]


def bought(order: Order, standins: RunningStandins) -> Purchase:
    reserve(str(order.id))
    assert charged(standins) == [1]
    return Purchase.get(Purchase.order == order)


def test_a_bought_line_of_a_failed_order_is_an_orphan_told_once(
    shop: Shop, paid_order: PaidOrder, standins: RunningStandins
) -> None:
    purchase = bought(paid_order((KINGUIN, 1)), standins)
    again(purchase.order).advance(OrderState.FAILED, actor="test")
    ref, kinguin = purchase.supplier_ref or "", shop.suppliers[purchase.supplier]
    until(lambda: str(kinguin.status(ref, 1).status) == "delivered", what="the delivery over there")
    for _ in range(2):
        check_purchase(str(purchase.id))
    case = Case.get()
    assert (case.kind, case.subject) == ("orphan_purchase", str(purchase.id))
    assert case.figures["purchase_state"] == "waiting"
    assert case.figures["supplier_status"] == "delivered"
    assert case.figures["order_state"] == "failed"
    assert Purchase.get_by_id(purchase.id).supplier_status == "delivered"
    assert charged(standins) == [1]


@pytest.mark.parametrize("state", DEAD)
def test_an_intent_of_an_order_that_does_not_go_on_is_not_bought(
    shop: Shop, kinguin: Purchase, standins: RunningStandins, state: OrderState
) -> None:
    again(kinguin.order).advance(state, actor="test")
    check_purchase(str(kinguin.id))
    assert charged(standins) == []
    assert Purchase.get_by_id(kinguin.id).state is PurchaseState.INTENT
    assert Case.select().count() == 0  # no money is there


def test_a_purchase_in_doubt_is_searched_for_without_its_order(
    shop: Shop, paid_order: PaidOrder, standins: RunningStandins
) -> None:
    """Bought, but the answer was lost; meanwhile the order came into review."""
    fault(standins, "kinguin.place_order", "drop_after_effect")
    purchase = bought(paid_order((KINGUIN, 1)), standins)
    assert purchase.state is PurchaseState.AMBIGUOUS
    again(purchase.order).advance(OrderState.REVIEW, actor="test")
    pass_time()
    check_purchase(str(purchase.id))
    assert Purchase.get_by_id(purchase.id).state is PurchaseState.PLACED
    assert Case.get().kind == "orphan_purchase"
    assert charged(standins) == [1]


def test_a_call_that_died_is_in_doubt_then_and_not_repeated(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    assert kinguin.start_call(PurchaseState.SENDING, 60)
    again(kinguin.order).advance(OrderState.REVIEW, actor="test")
    check_purchase(str(kinguin.id))
    assert Purchase.get_by_id(kinguin.id).state is PurchaseState.SENDING  # its lease still runs
    pass_time()
    check_purchase(str(kinguin.id))
    assert Purchase.get_by_id(kinguin.id).state is PurchaseState.AMBIGUOUS
    assert charged(standins) == []


def test_a_live_orders_purchases_are_left_to_its_steps(
    shop: Shop, paid_order: PaidOrder, standins: RunningStandins
) -> None:
    purchase = bought(paid_order((KINGUIN, 1)), standins)
    base.rows("UPDATE purchases SET supplier_status = NULL RETURNING id")
    check_purchase(str(purchase.id))
    check_purchase("00000000-0000-0000-0000-000000000000")
    assert Purchase.get_by_id(purchase.id).supplier_status is None
    assert Case.select().count() == 0


def test_a_supplier_that_refuses_to_speak_is_still_told_about(
    shop: Shop, paid_order: PaidOrder, standins: RunningStandins
) -> None:
    purchase = bought(paid_order((KINGUIN, 1)), standins)
    again(purchase.order).advance(OrderState.FAILED, actor="test")
    fault(standins, "kinguin.read_order", "status", status=404, body="{}", count=None)
    check_purchase(str(purchase.id))
    assert Case.get().kind == "orphan_purchase"
