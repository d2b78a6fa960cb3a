"""The gate before buying: who confirms what."""

from __future__ import annotations

from decimal import Decimal

from actors.gate import ask_gateway, money_is_confirmed
from bitloot.shop import Shop
from bitloot.states import OrderState, PaymentState
from db import Case, Payment, Product, take_news
from tests.actors.conftest import PaidOrder, fault, open_at_gateway, pay
from tests.factories import GATEWAY, a_paid_order, again, an_order, news_of, take
from web.standins.server import RunningStandins


def test_a_payment_that_the_gateway_confirms_opens_the_gate(shop: Shop, paid_order: PaidOrder) -> None:
    order = paid_order()
    assert Payment.get().confirmed_at is None
    assert money_is_confirmed(order)
    assert Payment.get().confirmed_at is not None


def test_a_confirmed_payment_is_not_asked_about_again(shop: Shop) -> None:
    assert money_is_confirmed(a_paid_order())  # a payment that the gateway does not even know


def test_an_order_without_money_stays_shut(shop: Shop, catalog: dict[str, Product]) -> None:
    order = an_order((catalog["orbit-drifters"], 1))
    order.advance(OrderState.PAID, actor="somebody behind the gate")
    assert not money_is_confirmed(order)
    assert again(order).hold == "no finished payment"


def test_less_money_at_the_gateway_than_in_the_notice_is_reviewed(
    shop: Shop, catalog: dict[str, Product], standins: RunningStandins
) -> None:
    order = an_order((catalog["orbit-drifters"], 1))
    payment = open_at_gateway(shop, order)
    pay(standins, payment, amount=str(payment.pay_amount / 2), status="finished")
    take_news(news_of(payment), gateway=GATEWAY, tolerance=Decimal(0), actor="ipn", poll_seconds=60)
    assert not money_is_confirmed(again(order))
    assert again(order).state is OrderState.REVIEW
    assert {case.kind for case in Case.select()} == {"underpaid", "gateway_disagrees"}


def test_the_answer_takes_effect_like_a_notice(
    shop: Shop, catalog: dict[str, Product], standins: RunningStandins
) -> None:
    order = an_order((catalog["orbit-drifters"], 1))
    payment = open_at_gateway(shop, order)
    pay(standins, payment)
    assert ask_gateway(payment, "test") == "moved"
    assert ask_gateway(payment, "test") == "noted"
    assert again(order).state is OrderState.PAID


def test_a_payment_that_was_refunded_meanwhile_buys_nothing(shop: Shop, paid_order: PaidOrder) -> None:
    order = paid_order()
    assert money_is_confirmed(order)
    payment = Payment.get()
    assert take(news_of(payment, PaymentState.REFUNDED)).dst is OrderState.REVIEW
    assert again(order).state is OrderState.REVIEW
    assert Case.get().kind == "refunded_at_gateway"
    again(order).advance(OrderState.PAID, actor="somebody who did not look")
    assert not money_is_confirmed(again(order))


def test_a_payment_that_the_gateway_disowns_is_a_case_and_a_hold(
    shop: Shop, paid_order: PaidOrder, standins: RunningStandins
) -> None:
    order = paid_order()
    fault(standins, "nowpayments.read_payment", "status", status=404, body="{}", count=None)
    for _ in range(2):
        assert not money_is_confirmed(again(order))
    assert (again(order).hold or "").startswith("gateway: ")
    assert [case.kind for case in Case.select()] == ["gateway_refuses"]


def test_a_blocked_account_at_the_gateway_parks_the_order(
    shop: Shop, paid_order: PaidOrder, standins: RunningStandins
) -> None:
    order = paid_order()
    fault(standins, "nowpayments.read_payment", "status", status=403, body="{}")
    assert not money_is_confirmed(order)
    assert (again(order).hold or "").startswith("gateway: ")
    assert money_is_confirmed(again(order))
