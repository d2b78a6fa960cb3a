"""Cases: one open question per order, kind and subject."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest

from bitloot.settings import Settings
from bitloot.states import OrderState, PaymentState
from db import Case, Payment, open_case
from db.cases import CASES, case_facts, end_cases, holding_case
from tests.factories import a_payment, again, an_order, news_of, take

PART = Decimal("0.0001")


def partly(payment: Payment, **changes: Any) -> Any:
    """News that a part came."""
    return news_of(payment, PaymentState.PARTIALLY_PAID, **{"actually_paid": PART} | changes)


def test_a_question_is_asked_once_while_it_is_open(database: Settings) -> None:
    payment = a_payment(an_order())
    assert open_case(payment.order_id, payment.id, "late", {"actually_paid": "1 btc"})
    assert not open_case(payment.order_id, payment.id, "late", {"actually_paid": "2 btc"})
    assert open_case(payment.order_id, payment.id, "underpaid", {})
    assert Case.get(Case.kind == "late").figures == {"actually_paid": "1 btc"}


def test_a_resolved_question_may_be_asked_again(database: Settings) -> None:
    payment = a_payment(an_order())
    open_case(payment.order_id, payment.id, "late", {})
    Case.update(state="resolved").execute()
    assert open_case(payment.order_id, payment.id, "late", {})


def test_an_open_question_about_money_has_the_newest_figures(database: Settings) -> None:
    payment = a_payment(an_order())
    for amount in ("0.0001", "0.0002"):
        take(partly(payment, actually_paid=Decimal(amount)))
    [case] = Case.select()
    assert (case.figures["received_amount"], case.figures["difference"]) == ("0.0002", "-0.0003")


def test_what_was_answered_is_not_asked_again_for_the_same_figures(database: Settings) -> None:
    """A gateway that is polled says the same every time; its read names the transaction, its notice does not."""
    payment = a_payment(an_order())
    take(partly(payment))
    Case.update(state="resolved", resolution="reject").execute()
    again(payment.order).advance(OrderState.EXPIRED, actor="olga")
    taken = take(partly(payment, payin_hash="ab", pay_address="T1"), asked=True)
    assert (taken.outcome, taken.dst) == ("noted", None)
    assert again(payment.order).state is OrderState.EXPIRED
    assert Case.select().count() == 1
    assert take(partly(payment, actually_paid=Decimal("0.0003"))).dst is OrderState.REVIEW
    assert [case.state for case in Case.select().order_by(Case.opened_at)] == ["resolved", "open"]


def test_each_repeated_deposit_is_a_question_of_its_own(database: Settings) -> None:
    payment = a_payment(an_order())
    for child in ("901", "902", "901"):
        told: dict[str, Any] = {
            "payment_id": child,
            "order_id": None,
            "parent_payment_id": payment.gateway_payment_id,
        }
        take(news_of(payment, **told))
    assert {case.subject for case in Case.select()} == {"901", "902"}


def test_only_open_money_cases_hold_an_order(database: Settings) -> None:
    payment = a_payment(an_order())
    open_case(payment.order_id, payment.id, "stuck", {})
    assert holding_case(payment.order_id) is None
    open_case(payment.order_id, payment.id, "underpaid", {})
    assert holding_case(payment.order_id) == "underpaid"
    Case.update(state="resolved").execute()
    assert holding_case(payment.order_id) is None


def test_what_answers_itself_is_ended(database: Settings) -> None:
    payment = a_payment(an_order())
    open_case(payment.order_id, payment.id, "gateway_refuses", {})
    assert end_cases(payment.order_id, "gateway_refuses", who="reserve", reason="it confirms") == 1
    assert end_cases(payment.order_id, "gateway_refuses", who="reserve", reason="it confirms") == 0
    case = Case.get()
    assert (case.state, case.resolution, case.resolved_by) == ("resolved", "ended", "reserve")
    assert case.resolved_at is not None


@pytest.mark.parametrize(
    ("filters", "kinds"),
    [
        ({}, ["underpaid", "late"]),
        ({"kind": "late"}, ["late"]),
        ({"state": "open"}, ["underpaid"]),
        ({"state": None, "kind": None}, ["underpaid", "late"]),
        ({"order_id": uuid.uuid4()}, []),
    ],
)
def test_cases_are_listed_newest_first_and_filtered(
    database: Settings, filters: dict[str, Any], kinds: list[str]
) -> None:
    payment = a_payment(an_order())
    open_case(payment.order_id, payment.id, "late", {})
    Case.update(state="resolved").execute()
    open_case(payment.order_id, payment.id, "underpaid", {"a": "1"})
    found = CASES.page(filters, limit=10)
    assert ([case.kind for case in found.rows], found.total) == (kinds, len(kinds))
    assert [case.kind for case in CASES.page(filters, page=2, limit=1).rows] == kinds[1:2]


def test_a_case_is_shown_with_where_its_order_stands(database: Settings) -> None:
    payment = a_payment(an_order())
    open_case(payment.order_id, payment.id, "late", {"a": "1"})
    facts = case_facts(Case.get().id)
    assert facts is not None
    assert (facts.order_state, facts.figures, facts.order_id) == (
        OrderState.CREATED,
        {"a": "1"},
        payment.order_id,
    )
    assert case_facts(uuid.uuid4()) is None
