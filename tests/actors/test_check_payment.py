"""check_payment: a payment whose notice never came still pays its order."""

from __future__ import annotations

from actors.check_payment import check_payment
from actors.reserve import reserve
from bitloot.shop import Shop
from bitloot.states import OrderState
from db import Payment, Product
from tests.actors.conftest import Queued, open_at_gateway, pay
from tests.factories import again, an_order
from tests.waiting import until
from web.standins.server import RunningStandins


def test_a_paid_order_is_found_without_any_notice(
    shop: Shop, catalog: dict[str, Product], standins: RunningStandins, queued: Queued
) -> None:
    order = an_order((catalog["orbit-drifters"], 1))
    payment = open_at_gateway(shop, order)
    pay(standins, payment)
    check_payment(str(payment.id))
    assert again(order).state is OrderState.PAID
    assert Payment.get().confirmed_at is not None
    assert queued(reserve) == [str(order.id)]


def test_a_payment_that_waits_changes_nothing(
    shop: Shop, catalog: dict[str, Product], queued: Queued
) -> None:
    order = an_order((catalog["orbit-drifters"], 1))
    payment = open_at_gateway(shop, order)
    check_payment(str(payment.id))
    check_payment("00000000-0000-0000-0000-000000000000")
    assert again(order).state is OrderState.CREATED
    assert queued(reserve) == []


def test_asked_twice_it_pays_once(
    shop: Shop, catalog: dict[str, Product], standins: RunningStandins, queued: Queued
) -> None:
    order = an_order((catalog["orbit-drifters"], 1))
    payment = open_at_gateway(shop, order)
    pay(standins, payment)
    for _ in range(2):
        check_payment(str(payment.id))
    assert queued(reserve) == [str(order.id)]
    assert again(order).seq == 2


def test_too_little_money_is_reviewed(
    shop: Shop, catalog: dict[str, Product], standins: RunningStandins
) -> None:
    order = an_order((catalog["orbit-drifters"], 1))
    payment = open_at_gateway(shop, order)
    pay(standins, payment, amount=str(payment.pay_amount / 2))

    def checked() -> bool:
        check_payment(str(payment.id))
        return again(order).state is OrderState.REVIEW

    until(checked, what="review")
