"""Every kind of money case, row by row: a signed notice, the case, a person's answer, and what was bought then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from falcon.testing import TestClient

from actors.check_payment import check_payment
from bitloot.shop import Shop
from bitloot.states import OrderState, PaymentState
from db import Case, Order, Payment, base
from tests.factories import again
from tests.web.conftest import Ask
from tests.web.till import Till
from web.standins.server import RunningStandins


@pytest.fixture
def till(client: TestClient, shop: Shop, standins: RunningStandins, place: Ask) -> Till:
    placed = place().json
    order = Order.get_by_id(placed["orderId"])
    return Till(client, shop, standins, order, Payment.get(Payment.order == order))


Play = Callable[[Till], None]


@dataclass(frozen=True)
class Row:
    """What happens, what the case must say of it, and the answer after which it is bought."""

    kind: str
    play: Play
    figures: dict[str, str] = field(default_factory=dict)
    buys: str = "accept"


def _half(till: Till) -> Decimal:
    return till.payment.pay_amount / 2


def underpaid(till: Till) -> None:
    till.at_gateway("partially_paid", _half(till))
    till.notice("partially_paid", actually_paid=float(_half(till)))


def finished_short(till: Till) -> None:
    till.at_gateway("finished", _half(till))
    till.notice("finished", actually_paid=float(_half(till)))


def late(till: Till) -> None:
    till.notice("expired")
    assert till.state is OrderState.EXPIRED
    till.at_gateway("finished")
    till.notice("finished")


def wrong_asset(till: Till) -> None:
    till.at_gateway("finished", "3.5", "ltc")
    till.notice("finished", actually_paid=3.5, pay_currency="ltc")


def price_mismatch(till: Till) -> None:
    till.at_gateway("finished")
    till.notice("finished", price_amount=1)


def currency_mismatch(till: Till) -> None:
    till.at_gateway("finished")
    till.notice("finished", price_currency="usd")


def repeated_deposit(till: Till) -> None:
    """The first deposit's notice never came, the second one's does."""
    till.at_gateway("finished")
    child = till.deposit_again()
    till.notice(
        "finished",
        payment_id=int(child),
        parent_payment_id=int(till.payment.gateway_payment_id),
        order_id=None,
        invoice_id=None,
    )


def incomplete(till: Till) -> None:
    till.at_gateway("finished")
    till.notice("finished", actually_paid=None)


def paid_in_review(till: Till) -> None:
    """A part, and then the whole: the merchant or the buyer made it good."""
    underpaid(till)
    assert till.state is OrderState.REVIEW
    till.at_gateway("finished")
    till.notice("finished")


ROWS = [
    Row("underpaid", underpaid, {"gateway_state": "partially_paid"}),
    Row("underpaid", finished_short, {"gateway_state": "finished"}),
    Row("late", late, {"difference": "0"}),
    Row(
        "wrong_asset", wrong_asset, {"received_amount": "3.5", "received_coin": "ltc", "expected_coin": "btc"}
    ),
    Row("price_mismatch", price_mismatch, {"price": "1"}),
    Row("currency_mismatch", currency_mismatch, {"currency": "usd", "expected_currency": "eur"}),
    Row("repeated_deposit", repeated_deposit, {"expected_amount": "0"}),
    Row("incomplete", incomplete, {"missing": "actually_paid"}, buys="retry"),
    Row("paid_in_review", paid_in_review, {"difference": "0"}),
]

named = pytest.mark.parametrize("row", ROWS, ids=[f"{row.kind}-{row.play.__name__}" for row in ROWS])


@named
def test_nothing_is_bought_while_the_case_is_open_and_once_after_a_yes(till: Till, row: Row) -> None:
    row.play(till)
    till.work()
    assert (till.state, till.bought) == (OrderState.REVIEW, 0)
    case = till.case(row.kind)
    assert {move["name"] for move in case["moves"]} >= {"accept", "refund_due", "reject"}
    _check_figures(till, row, case["figures"])
    if row.buys == "retry":
        assert till.answer(row.kind, "accept").json["code"] == "no_basis"
    answered = till.answer(row.kind, row.buys)
    assert (answered.status_code, answered.json["case"]["resolvedBy"]) == (200, "admin:olga")
    assert till.state is OrderState.PAID
    till.work()
    assert till.bought == 1
    assert till.state in {OrderState.WAITING, OrderState.READY}


def _check_figures(till: Till, row: Row, figures: dict[str, str]) -> None:
    price = f"{till.order.price.normalize():f}"
    ours = {"expected_price": price, "expected_currency": "eur", "expected_coin": "btc"}
    assert figures == figures | ours | row.figures
    if row.kind == "underpaid":
        assert Decimal(figures["received_amount"]) == _half(till)
        assert Decimal(figures["difference"]) == -_half(till)
    if row.kind == "repeated_deposit":
        assert figures["parent_payment_id"] == till.payment.gateway_payment_id != figures["payment_id"]
    else:
        assert figures["payment_id"] == till.payment.gateway_payment_id


@named
def test_to_be_refunded_it_is_never_bought(till: Till, row: Row) -> None:
    row.play(till)
    basis = {"amount": "0.001", "coin": "btc", "address": "bc1qbuyer"}
    assert till.answer(row.kind, "refund_due", **basis).status_code == 200
    till.work()
    assert (till.state, till.bought) == (OrderState.REFUND_DUE, 0)
    refund = till.case("refund")["figures"]
    assert (refund["received_amount"], refund["received_coin"], refund["address"]) == (
        "0.001",
        "btc",
        "bc1qbuyer",
    )
    assert till.answer("refund", "refunded", transaction="f00d").status_code == 200
    till.work()
    assert (till.state, till.bought) == (OrderState.REFUNDED, 0)


@named
def test_rejected_it_ends_unpaid(till: Till, row: Row) -> None:
    row.play(till)
    assert till.answer(row.kind, "reject").status_code == 200
    till.work()
    assert (till.state, till.bought) == (OrderState.EXPIRED, 0)


def test_an_overpaid_order_is_bought_once_and_the_surplus_is_asked_about(till: Till) -> None:
    """The gate of PROVIDERS §3.4 is passed: the buyer gets the key, and the case is about the rest."""
    till.standins.configure(delivery_seconds=600)  # it stands still but for what is done to it here
    double = till.payment.pay_amount * 2
    till.at_gateway("finished", double)
    till.notice("finished", actually_paid=float(double))
    till.work()
    assert till.bought == 1
    assert Decimal(till.case("overpaid")["figures"]["difference"]) == till.payment.pay_amount
    before = till.state
    assert till.answer("overpaid", "refund_due", address="bc1qbuyer").status_code == 200
    assert Decimal(till.case("refund")["figures"]["received_amount"]) == till.payment.pay_amount
    assert till.answer("refund", "refunded").status_code == 200
    till.work()
    assert (till.state, till.bought) == (before, 1)


@pytest.mark.parametrize("move", ["accept", "refund_due", "reject"])
def test_money_on_top_of_a_sold_order_changes_nothing_there(till: Till, move: str) -> None:
    till.standins.configure(delivery_seconds=600)  # it stands still but for what is done to it here
    till.at_gateway("finished")
    till.notice("finished")
    till.work()
    before = till.state
    till.notice("finished", payment_id=777, actually_paid=float(till.payment.pay_amount))
    assert till.answer("paid_again", move).status_code == 200
    till.work()
    assert (till.state, till.bought) == (before, 1)


def test_a_repeated_deposit_on_a_paid_order_does_not_stop_it(till: Till) -> None:
    till.at_gateway("finished")
    till.notice("finished")
    child = till.deposit_again()
    parent = int(till.payment.gateway_payment_id)
    till.notice("finished", payment_id=int(child), parent_payment_id=parent, order_id=None)
    till.work()
    assert till.bought == 1
    assert till.answer("repeated_deposit", "refund_due").status_code == 200
    assert till.case("refund")["figures"]["payment_id"] == child


def test_where_the_gateway_disagrees_with_the_notice_nothing_is_bought(till: Till) -> None:
    till.at_gateway("finished", _half(till))
    till.notice("finished")
    till.work()
    assert (till.state, till.bought) == (OrderState.REVIEW, 0)
    assert {case.kind for case in Case.select()} == {"gateway_disagrees", "underpaid"}
    assert till.answer("underpaid", "reject").status_code == 200
    assert {case.state for case in Case.select()} == {"resolved"}
    till.work()
    assert (till.state, till.bought) == (OrderState.EXPIRED, 0)


def test_asked_again_the_gateway_decides(till: Till) -> None:
    """The gateway's read lags behind its notice, longer than we wait; asked anew it confirms."""
    till.at_gateway("confirming")
    till.notice("finished")
    till.work()
    assert (till.state, till.bought) == (OrderState.PAID, 0)
    base.rows("UPDATE orders SET moved_at = now() - interval '2 hours' RETURNING id")
    till.work()
    assert (till.state, till.bought) == (OrderState.REVIEW, 0)
    till.at_gateway("finished")
    assert till.answer("gateway_disagrees", "retry").status_code == 200
    till.work()
    assert till.bought == 1


def test_what_was_accepted_must_still_be_there_when_it_is_bought(till: Till) -> None:
    """An accepted notice whose figures the gateway never had buys nothing."""
    till.at_gateway("waiting")
    till.notice("partially_paid", actually_paid=float(_half(till)))
    assert till.answer("underpaid", "accept").status_code == 200
    till.work()
    assert (till.state, till.bought) == (OrderState.REVIEW, 0)
    assert till.case("gateway_disagrees")["figures"]["accepted_amount"] == f"{_half(till).normalize():f}"


@pytest.mark.parametrize(("play", "state"), [(underpaid, "partially_paid"), (finished_short, "finished")])
def test_the_same_notice_after_the_answer_moves_nothing(till: Till, play: Play, state: str) -> None:
    play(till)
    till.answer("underpaid", "accept")
    for moment in (123, 124):
        till.notice(state, actually_paid=float(_half(till)), updated_at=moment)
    assert till.state is OrderState.PAID
    till.work()
    assert till.bought == 1


def test_money_that_went_back_before_the_purchase_ends_the_order(till: Till) -> None:
    till.at_gateway("finished")
    till.notice("finished")
    till.at_gateway("refunded")
    till.notice("refunded")
    till.work()
    assert (till.state, till.bought) == (OrderState.REVIEW, 0)
    assert till.answer("refunded_at_gateway", "refunded").status_code == 200
    till.work()
    assert (till.state, till.bought) == (OrderState.REFUNDED, 0)


def test_a_payment_that_names_another_order_pays_neither(till: Till, place: Ask) -> None:
    other = Order.get_by_id(place().json["orderId"])
    till.at_gateway("finished")
    till.notice("finished", order_id=str(other.id))
    till.work()
    assert (till.state, again(other).state, till.bought) == (OrderState.REVIEW, OrderState.CREATED, 0)
    assert till.case("foreign_order")["figures"]["order"] == str(other.id)
    assert till.answer("foreign_order", "reject").status_code == 200
    assert till.state is OrderState.EXPIRED


def test_a_late_deposit_without_a_notice_is_found_by_asking(till: Till) -> None:
    till.notice("expired")
    till.at_gateway("finished")
    check_payment(str(till.payment.id))
    assert till.state is OrderState.REVIEW
    assert till.case("late")["figures"]["gateway_state"] == str(PaymentState.FINISHED)
