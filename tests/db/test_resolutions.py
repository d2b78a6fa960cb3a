"""An answer takes effect once, is recorded, and moves an order only where all answers together lead."""

from __future__ import annotations

import threading
import uuid
from decimal import Decimal

import pytest

from bitloot.settings import Settings
from bitloot.states import OrderState, PaymentState, PurchaseState
from db import Case, Move, Payment, base, open_case
from db.cases import case_facts
from db.resolutions import Accepted, Refused, Resolved, accepted_money, permitted_move, resolve_case
from tests.factories import a_paid_order, a_payment, a_waiting_order, again, an_order, intend, news_of, take

PART = Decimal("0.0001")


def underpaid(payment: Payment | None = None) -> Payment:
    """A payment of which a part came; its order is in review."""
    payment = payment or a_payment(an_order())
    take(news_of(payment, PaymentState.PARTIALLY_PAID, actually_paid=PART))
    return payment


def the(kind: str, state: str = "open") -> Case:
    return Case.get(Case.kind == kind, Case.state == state)


def answer(case: Case, move: str, **basis: str) -> Resolved:
    return resolve_case(case.id, move, who="admin:olga", reason="because", basis=basis)


def test_accepted_money_pays_the_order_and_says_what_was_accepted(database: Settings) -> None:
    payment = underpaid()
    done = answer(the("underpaid"), "accept")
    assert (done.src, done.dst, done.waits_for) == (OrderState.REVIEW, OrderState.PAID, ())
    order = again(payment.order)
    assert order.state is OrderState.PAID
    assert order.due_at is not None
    assert accepted_money(order.id) == [Accepted(payment.gateway_payment_id, "0.0001", "btc")]
    case = the("underpaid", "resolved")
    assert (case.resolution, case.resolved_by, case.reason) == ("accept", "admin:olga", "because")
    move = Move.select().order_by(Move.id.desc()).get()
    assert (move.actor, move.reason, move.data["cases"]) == (
        "admin:olga",
        "underpaid: accept",
        [str(case.id)],
    )


def test_a_second_answer_hears_who_gave_the_first(database: Settings) -> None:
    underpaid()
    case = the("underpaid")
    answer(case, "accept")
    with pytest.raises(Refused, match="admin:olga answered this with accept") as refused:
        answer(case, "reject")
    assert (refused.value.code, refused.value.facts["resolution"]) == ("already_resolved", "accept")
    assert again(case.order).state is OrderState.PAID


@pytest.mark.usefixtures("database")
def test_of_two_answers_at_once_one_counts() -> None:
    underpaid()
    case = the("underpaid")
    start, outcomes = threading.Barrier(2), list[str]()

    def say(move: str) -> None:
        with base.scope():
            start.wait()
            try:
                outcomes.append(str(answer(case, move).dst))
            except Refused as refused:
                outcomes.append(refused.code)

    threads = [threading.Thread(target=say, args=(move,)) for move in ("accept", "reject")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("already_resolved") == 1
    assert Move.select().where(Move.src == "review").count() == 1


def test_rejected_money_ends_the_order_unpaid(database: Settings) -> None:
    payment = underpaid()
    assert answer(the("underpaid"), "reject").dst is OrderState.EXPIRED
    assert accepted_money(payment.order_id) == []


def test_a_refund_is_a_case_of_its_own_until_the_money_is_back(database: Settings) -> None:
    payment = underpaid()
    assert answer(the("underpaid"), "refund_due", address="bc1q").dst is OrderState.REFUND_DUE
    refund = the("refund")
    assert refund.figures == {
        "received_amount": "0.0001",
        "received_coin": "btc",
        "address": "bc1q",
        "of": "underpaid",
        "payment_id": payment.gateway_payment_id,
    }
    assert the("underpaid", "resolved").basis == {"amount": "0.0001", "coin": "btc", "address": "bc1q"}
    done = answer(refund, "refunded", transaction="ff00")
    assert (done.dst, done.case.basis) == (OrderState.REFUNDED, {"transaction": "ff00"})


def test_a_refund_may_rest_on_other_figures_than_the_gateways(database: Settings) -> None:
    underpaid()
    answer(the("underpaid"), "refund_due", amount="0.00009", coin="btc")
    assert the("refund").figures["received_amount"] == "0.00009"


def test_an_order_waits_for_the_answers_to_all_that_holds_it(database: Settings) -> None:
    payment = underpaid()
    other = underpaid(a_payment(payment.order))
    first, second = Case.select().order_by(Case.opened_at)
    done = answer(first, "accept")
    assert (done.dst, done.waits_for) == (OrderState.REVIEW, ("underpaid",))
    assert answer(second, "accept").dst is OrderState.PAID
    assert {money.payment_id for money in accepted_money(payment.order_id)} == {
        payment.gateway_payment_id,
        other.gateway_payment_id,
    }


def test_the_refund_of_one_payment_does_not_undo_another_that_was_accepted(database: Settings) -> None:
    payment = underpaid()
    underpaid(a_payment(payment.order))
    first, second = Case.select().order_by(Case.opened_at)
    answer(first, "refund_due")
    assert answer(second, "accept").dst is OrderState.PAID
    assert answer(the("refund"), "refunded").dst is OrderState.PAID


def test_one_answer_is_for_all_questions_about_the_same_payment(database: Settings) -> None:
    payment = underpaid()
    open_case(payment.order_id, payment.id, "gateway_disagrees", {})
    assert answer(the("underpaid"), "accept").dst is OrderState.PAID
    beside = the("gateway_disagrees", "resolved")
    assert beside.resolution == "accept"
    assert "with case" in (beside.reason or "")


def test_an_answer_that_the_state_no_longer_allows_explains_itself(database: Settings) -> None:
    payment = underpaid()
    again(payment.order).advance(OrderState.REFUND_DUE, actor="somebody")
    with pytest.raises(
        Refused, match="accept is no answer to underpaid while the order is due a refund"
    ) as refused:
        answer(the("underpaid"), "accept")
    assert (refused.value.code, refused.value.facts["moves"]) == ("not_now", ["refund_due"])
    assert the("underpaid").state == "open"


def test_what_is_no_move_of_a_case_is_refused(database: Settings) -> None:
    underpaid()
    with pytest.raises(Refused, match="possible: accept, refund_due, reject"):
        answer(the("underpaid"), "adopt")
    with pytest.raises(Refused) as refused:
        resolve_case(uuid.uuid4(), "accept", who="x", reason="y", basis={})
    assert refused.value.code == "not_found"


def test_money_of_which_nothing_is_known_is_not_accepted(database: Settings) -> None:
    payment = a_payment(an_order())
    take(news_of(payment, actually_paid=None))
    with pytest.raises(Refused, match="never said what came"):
        answer(the("incomplete"), "accept")
    with pytest.raises(Refused, match="above zero"):
        answer(the("incomplete"), "refund_due")
    with pytest.raises(Refused, match="say what goes back"):
        answer(the("incomplete"), "refund_due", amount="0.00", coin="btc")
    assert answer(the("incomplete"), "retry").dst is OrderState.PAID


def test_money_on_top_goes_back_without_touching_the_order(database: Settings) -> None:
    order, _ = a_waiting_order()
    take(news_of(a_payment(order)))
    assert answer(the("paid_again"), "refund_due").dst is OrderState.WAITING
    assert answer(the("refund"), "refunded").dst is OrderState.WAITING


def test_of_too_much_the_surplus_goes_back(database: Settings) -> None:
    payment = a_payment(an_order())
    take(news_of(payment, actually_paid=payment.pay_amount + PART))
    assert again(payment.order).state is OrderState.PAID
    answer(the("overpaid"), "refund_due")
    assert the("refund").figures["received_amount"] == "0.0001"
    assert again(payment.order).state is OrderState.PAID


def test_a_failed_order_is_bought_again_or_refunded_whole(database: Settings) -> None:
    for move, dst in (("retry", OrderState.PAID), ("refund_due", OrderState.REFUND_DUE)):
        order = a_paid_order()
        order.advance(OrderState.FAILED, actor="reserve")
        open_case(order.id, order.id, "purchase_failed", {})
        assert answer(the("purchase_failed"), move).dst is dst
    assert the("refund").figures["received_amount"] == "0.0005"  # what was paid for it


def test_nothing_is_refunded_while_the_money_may_just_be_spent(database: Settings) -> None:
    order = a_paid_order()
    [purchase] = intend(order)
    purchase.start_call(PurchaseState.SENDING, 60)
    open_case(order.id, purchase.id, "gateway_refuses", {})
    with pytest.raises(Refused, match="under way"):
        answer(the("gateway_refuses"), "refund_due")
    purchase.advance(PurchaseState.FAILED)
    assert answer(the("gateway_refuses"), "refund_due").dst is OrderState.REFUND_DUE


def test_an_order_is_refunded_when_nothing_more_is_owed(database: Settings) -> None:
    payment = underpaid()
    underpaid(a_payment(payment.order))
    for case in list(Case.select().order_by(Case.opened_at)):
        answer(case, "refund_due")
    assert again(payment.order).state is OrderState.REFUND_DUE
    first, second = Case.select().where(Case.kind == "refund")
    assert answer(first, "refunded").dst is OrderState.REFUND_DUE
    assert answer(second, "refunded").dst is OrderState.REFUNDED


@pytest.mark.parametrize("state", [OrderState.REVIEW, OrderState.FULFILLED])
def test_money_that_went_back_at_the_gateway_ends_the_order(database: Settings, state: OrderState) -> None:
    order = a_paid_order()
    if state is OrderState.FULFILLED:
        for onward in (OrderState.WAITING, OrderState.READY, OrderState.FULFILLED):
            order.advance(onward, actor="test")
    take(news_of(Payment.get(), PaymentState.REFUNDED))
    assert again(order).state is state
    assert answer(the("refunded_at_gateway"), "refunded").dst is OrderState.REFUNDED


def test_a_word_given_before_another_review_no_longer_counts(database: Settings) -> None:
    payment = underpaid()
    answer(the("underpaid"), "accept")
    order = again(payment.order)
    order.advance(OrderState.REVIEW, actor="test")
    open_case(order.id, payment.id, "gateway_disagrees", {})
    answer(the("gateway_disagrees"), "retry")
    assert accepted_money(order.id) == []


def test_a_word_outlives_a_failure_that_is_tried_again(database: Settings) -> None:
    payment = underpaid()
    answer(the("underpaid"), "accept")
    order = again(payment.order)
    order.advance(OrderState.FAILED, actor="test")
    order.advance(OrderState.PAID, actor="admin:olga")
    assert len(accepted_money(order.id)) == 1


def test_a_move_is_permitted_by_kind_and_state(database: Settings) -> None:
    underpaid()
    facts = case_facts(the("underpaid").id)
    assert facts is not None
    assert permitted_move(facts, "accept").name == "accept"
    with pytest.raises(Refused):
        permitted_move(facts, "noted")
