"""What stands before a purchase, by one read: the payment that paid, and a case that forbids to buy."""

from __future__ import annotations

import uuid

from bitloot.settings import Settings
from bitloot.states import OrderState, PaymentState
from db import Payment, open_case
from db.paying import find_paying
from tests.factories import a_paid_order, a_payment, an_order, news_of, take


def test_the_payment_that_the_gateway_confirmed_comes_before_others(database: Settings) -> None:
    order = a_paid_order()
    later = a_payment(order)
    take(news_of(later))
    paying = find_paying(order.id)
    assert paying is not None
    assert paying.payment is not None
    assert paying.payment.confirmed_at is not None
    assert (paying.order.id, paying.order.state, paying.case) == (order.id, OrderState.PAID, None)


def test_an_order_without_a_finished_payment_has_none(database: Settings) -> None:
    order = an_order()
    a_payment(order)
    paying = find_paying(str(order.id))
    assert paying is not None
    assert (paying.payment, paying.known, paying.case) == (None, None, None)
    assert find_paying(uuid.uuid4()) is None
    assert find_paying("no id at all") is None


def test_a_case_about_the_payment_is_told_and_no_other(database: Settings) -> None:
    order = a_paid_order()
    open_case(order.id, uuid.uuid4(), "gateway_refuses", {})
    open_case(order.id, Payment.get().id, "letter_failed", {})
    paying = find_paying(order.id)
    assert paying is not None
    assert paying.case is None
    open_case(order.id, Payment.get().id, "refunded_at_gateway", {})
    paying = find_paying(order.id)
    assert paying is not None
    assert paying.case == "refunded_at_gateway"


def test_news_is_judged_by_what_was_read(database: Settings) -> None:
    order = a_paid_order()
    paying = find_paying(order.id)
    assert paying is not None
    assert paying.known is not None
    payment = Payment.get()
    assert paying.known.expected.payment_id == payment.gateway_payment_id
    assert paying.known.payment_rank == PaymentState.FINISHED.rank
    taken = take(news_of(payment), asked=True, known=paying.known)
    assert (taken.outcome, taken.order_id, taken.confirmed) == ("noted", order.id, True)
    take(news_of(payment, PaymentState.REFUNDED))
    assert not take(news_of(payment), asked=True, known=paying.known).confirmed
