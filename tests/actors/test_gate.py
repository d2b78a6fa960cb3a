"""The gate before buying: who confirms what."""

from __future__ import annotations

from decimal import Decimal

from actors.gate import ask_gateway, intend_once_confirmed
from bitloot.shop import Shop
from bitloot.states import OrderState, PaymentState
from db import Case, Order, Payment, Product, open_case, take_news
from db.cases import end_cases
from db.paying import find_paying
from db.purchases import Intent
from db.resolutions import resolve_case
from tests.actors.conftest import PaidOrder, fault, open_at_gateway, pay
from tests.factories import GATEWAY, a_paid_order, again, an_order, news_of, take
from tests.waiting import until
from web.standins.server import RunningStandins


def is_paid(order: Order) -> bool:
    paying = find_paying(order.id)
    assert paying is not None
    return intend_once_confirmed(paying, lambda: Intent(order.id)) is not None


def test_a_payment_that_the_gateway_confirms_opens_the_gate(shop: Shop, paid_order: PaidOrder) -> None:
    order = paid_order()
    assert Payment.get().confirmed_at is None
    assert is_paid(order)
    assert Payment.get().confirmed_at is not None


def test_a_confirmed_payment_is_not_asked_about_again(shop: Shop) -> None:
    assert is_paid(a_paid_order())  # a payment that the gateway does not even know


def test_an_order_without_money_stays_shut(shop: Shop, catalog: dict[str, Product]) -> None:
    order = an_order((catalog["orbit-drifters"], 1))
    order.advance(OrderState.PAID, actor="somebody behind the gate")
    assert not is_paid(order)
    assert again(order).hold == "no finished payment"


def test_less_money_at_the_gateway_than_in_the_notice_is_reviewed(
    shop: Shop, catalog: dict[str, Product], standins: RunningStandins
) -> None:
    order = an_order((catalog["orbit-drifters"], 1))
    payment = open_at_gateway(shop, order)
    pay(standins, payment, amount=str(payment.pay_amount / 2), status="finished")
    take_news(news_of(payment), gateway=GATEWAY, tolerance=Decimal(0), actor="ipn", poll_seconds=60)
    assert not is_paid(again(order))
    assert again(order).state is OrderState.REVIEW
    assert {case.kind for case in Case.select()} == {"underpaid", "gateway_disagrees"}


def test_the_answer_takes_effect_like_a_notice(
    shop: Shop, catalog: dict[str, Product], standins: RunningStandins
) -> None:
    order = an_order((catalog["orbit-drifters"], 1))
    payment = open_at_gateway(shop, order)
    pay(standins, payment)
    assert ask_gateway(payment, "test").outcome == "moved"
    assert ask_gateway(payment, "test").outcome == "noted"
    assert again(order).state is OrderState.PAID


def test_a_payment_that_was_refunded_meanwhile_buys_nothing(shop: Shop, paid_order: PaidOrder) -> None:
    order = paid_order()
    assert is_paid(order)
    payment = Payment.get()
    assert take(news_of(payment, PaymentState.REFUNDED)).dst is OrderState.REVIEW
    assert again(order).state is OrderState.REVIEW
    assert Case.get().kind == "refunded_at_gateway"
    again(order).advance(OrderState.PAID, actor="somebody who did not look")
    assert not is_paid(again(order))


def test_a_payment_that_the_gateway_disowns_is_a_case_and_a_hold(
    shop: Shop, paid_order: PaidOrder, standins: RunningStandins
) -> None:
    order = paid_order()
    fault(standins, "nowpayments.read_payment", "status", status=404, body="{}", count=None)
    for _ in range(2):
        assert not is_paid(again(order))
    assert (again(order).hold or "").startswith("gateway: ")
    assert [case.kind for case in Case.select()] == ["gateway_refuses"]


def test_a_blocked_account_at_the_gateway_parks_the_order(
    shop: Shop, paid_order: PaidOrder, standins: RunningStandins
) -> None:
    order = paid_order()
    fault(standins, "nowpayments.read_payment", "status", status=403, body="{}")
    assert not is_paid(order)
    assert (again(order).hold or "").startswith("gateway: ")
    until(lambda: shop.turnstiles["nowpayments"].refusal("GET") is None, what="the time of the probe")
    assert is_paid(again(order))


def accepted(shop: Shop, catalog: dict[str, Product], standins: RunningStandins) -> Order:
    """Half was paid, and a person said yes to it."""
    order = an_order((catalog["orbit-drifters"], 1))
    payment = open_at_gateway(shop, order)
    half = payment.pay_amount / 2
    pay(standins, payment, steps=["partially_paid"], amount=str(half))
    take(news_of(payment, PaymentState.PARTIALLY_PAID, actually_paid=half))
    resolve_case(Case.get().id, "accept", who="admin:olga", reason="a friend", basis={})
    return again(order)


def test_a_persons_yes_opens_the_gate_once_the_gateway_says_the_same(
    shop: Shop, catalog: dict[str, Product], standins: RunningStandins
) -> None:
    order = accepted(shop, catalog, standins)
    assert (order.state, is_paid(order)) == (OrderState.PAID, True)


def test_what_was_accepted_and_is_gone_buys_nothing(
    shop: Shop, catalog: dict[str, Product], standins: RunningStandins
) -> None:
    order = accepted(shop, catalog, standins)
    pay(standins, Payment.get(), steps=["refunded"])
    assert not is_paid(order)
    assert again(order).state is OrderState.REVIEW
    case = Case.get(Case.state == "open")
    assert (case.kind, case.figures["gateway_state"]) == ("gateway_disagrees", "refunded")


def test_a_gateway_that_does_not_speak_holds_what_was_accepted(
    shop: Shop, catalog: dict[str, Product], standins: RunningStandins
) -> None:
    order = accepted(shop, catalog, standins)
    fault(standins, "nowpayments.read_payment", "status", status=404, body="{}")
    assert not is_paid(order)
    assert (again(order).hold or "").startswith("gateway: ")
    assert is_paid(again(order))


def test_an_open_case_about_the_payment_holds_its_order(shop: Shop) -> None:
    order = a_paid_order()
    payment = Payment.get()
    open_case(order.id, payment.id, "price_mismatch", {})
    assert not is_paid(order)
    assert again(order).hold == "case: price_mismatch"
    end_cases(order.id, "price_mismatch", who="olga", reason="test")
    assert is_paid(again(order))


def test_a_gateway_that_speaks_again_ends_its_own_case(
    shop: Shop, paid_order: PaidOrder, standins: RunningStandins
) -> None:
    order = paid_order()
    fault(standins, "nowpayments.read_payment", "status", status=404, body="{}")
    assert not is_paid(order)
    assert is_paid(again(order))
    assert (Case.get().kind, Case.get().resolution) == ("gateway_refuses", "ended")
