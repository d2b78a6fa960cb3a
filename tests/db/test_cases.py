"""Cases: one open question per order, kind and subject."""

from __future__ import annotations

from bitloot.settings import Settings
from db import Case, open_case
from tests.factories import a_payment, an_order


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
