"""check_payment: a payment whose notice never came still pays its order."""

from __future__ import annotations

import pytest

from actors.check_payment import check_payment
from actors.reserve import reserve
from bitloot.errors import Retryable
from bitloot.shop import Shop
from bitloot.states import OrderState
from db import Case, Payment, Product, base
from tests.actors.conftest import Queued, fault, open_at_gateway, pay
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


def old(payment: Payment) -> None:
    base.rows(
        "UPDATE payments SET created_at = now() - interval '8 days' WHERE id = %s RETURNING id", payment.id
    )


def watched(payment: Payment) -> bool:
    return Payment.get_by_id(payment.id).poll_at is not None


def test_the_watch_ends_with_the_gateways_answer(shop: Shop, catalog: dict[str, Product]) -> None:
    payment = open_at_gateway(shop, an_order((catalog["orbit-drifters"], 1)))
    check_payment(str(payment.id))
    assert watched(payment)
    old(payment)
    check_payment(str(payment.id))
    assert not watched(payment)


def test_a_gateway_that_is_away_at_the_end_is_asked_on(
    shop: Shop, catalog: dict[str, Product], standins: RunningStandins
) -> None:
    payment = open_at_gateway(shop, an_order((catalog["orbit-drifters"], 1)))
    old(payment)
    fault(standins, "nowpayments.read_payment", "status", status=503, body="{}")
    with pytest.raises(Retryable):
        check_payment.fn(str(payment.id))
    assert watched(payment)


def test_a_payment_that_the_gateway_does_not_know_is_given_up_in_the_end(
    shop: Shop, catalog: dict[str, Product], standins: RunningStandins
) -> None:
    payment = open_at_gateway(shop, an_order((catalog["orbit-drifters"], 1)))
    fault(standins, "nowpayments.read_payment", "status", status=404, body="{}", count=None)
    check_payment(str(payment.id))
    assert watched(payment)
    old(payment)
    check_payment(str(payment.id))
    assert not watched(payment)


@pytest.mark.parametrize("status", ["expired", "partially_paid"])
def test_a_late_deposit_is_found_days_after_the_last_notice(
    shop: Shop, catalog: dict[str, Product], standins: RunningStandins, status: str
) -> None:
    """No IPN tells of it (PROVIDERS §3.3)."""
    order = an_order((catalog["orbit-drifters"], 1))
    payment = open_at_gateway(shop, order)
    pay(standins, payment, steps=[status], amount=str(payment.pay_amount / 2))
    check_payment(str(payment.id))
    assert watched(payment)
    base.rows("UPDATE payments SET created_at = now() - interval '6 days' RETURNING id")
    pay(standins, payment, steps=["finished"])
    check_payment(str(payment.id))
    assert again(order).state is OrderState.REVIEW
    kinds = {case.kind for case in Case.select().where(Case.state == "open")}
    assert kinds == ({"late"} if status == "expired" else {"underpaid", "paid_in_review"})
