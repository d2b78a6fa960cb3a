"""What follows from news about money, for every state and verdict."""

from __future__ import annotations

import itertools

import pytest

from bitloot.consequence import Consequence, follow
from bitloot.money import Verdict, VerdictKind
from bitloot.states import MOVES, OrderState

FIGURES = {"actually_paid": "1 btc"}


def _follow(state: OrderState, kind: VerdictKind, *, known_paid: bool = False) -> Consequence:
    return follow(state, Verdict(kind, FIGURES), known_paid=known_paid)


@pytest.mark.parametrize(
    ("state", "kind", "known"), list(itertools.product(OrderState, VerdictKind, (True, False)))
)
def test_every_consequence_is_a_legal_move(state: OrderState, kind: VerdictKind, known: bool) -> None:
    dst = _follow(state, kind, known_paid=known).dst
    assert dst is None or dst in MOVES[state]


@pytest.mark.parametrize(("state", "kind"), list(itertools.product(OrderState, VerdictKind)))
def test_only_a_created_order_whose_money_fits_is_paid(state: OrderState, kind: VerdictKind) -> None:
    paid = _follow(state, kind).dst is OrderState.PAID
    assert paid == (state is OrderState.CREATED and kind is VerdictKind.PAID)


@pytest.mark.parametrize("state", OrderState)
def test_a_repeat_of_what_paid_the_order_changes_nothing(state: OrderState) -> None:
    assert _follow(state, VerdictKind.PAID, known_paid=True) == Consequence()


@pytest.mark.parametrize("kind", [kind for kind in VerdictKind if Verdict(kind).case])
def test_money_that_does_not_fit_is_always_a_case_with_figures(kind: VerdictKind) -> None:
    for state in OrderState:
        consequence = _follow(state, kind)
        assert consequence.case == kind.value
        assert consequence.figures == FIGURES


def test_money_on_top_and_money_too_late_ask_a_person() -> None:
    assert _follow(OrderState.EXPIRED, VerdictKind.PAID).case == "late"
    assert _follow(OrderState.WAITING, VerdictKind.PAID).case == "paid_again"


def test_an_unpaid_order_ends_with_its_payment() -> None:
    assert _follow(OrderState.CREATED, VerdictKind.EXPIRED).dst is OrderState.EXPIRED
    assert _follow(OrderState.PAID, VerdictKind.EXPIRED) == Consequence()


def test_a_refund_at_the_gateway_is_a_case() -> None:
    assert _follow(OrderState.FULFILLED, VerdictKind.REFUNDED).case == "refunded_at_gateway"
    assert _follow(OrderState.FULFILLED, VerdictKind.REFUNDED).dst is None


def test_a_refund_before_the_purchase_stops_the_purchase() -> None:
    stopped = _follow(OrderState.PAID, VerdictKind.REFUNDED)
    assert (stopped.dst, stopped.case) == (OrderState.REVIEW, "refunded_at_gateway")


def test_a_partial_payment_that_became_whole_is_not_called_extra_money() -> None:
    assert _follow(OrderState.REVIEW, VerdictKind.PAID).case == "paid_in_review"


def test_what_came_too_much_is_a_question_and_the_order_goes_on() -> None:
    consequence = follow(
        OrderState.CREATED, Verdict(VerdictKind.PAID, FIGURES, surplus=True), known_paid=False
    )
    assert (consequence.dst, consequence.case) == (OrderState.PAID, "overpaid")
    assert _follow(OrderState.CREATED, VerdictKind.PAID).case is None


@pytest.mark.parametrize("kind", [kind for kind in VerdictKind if Verdict(kind).case])
def test_only_what_speaks_against_the_payment_itself_stops_a_paid_order(kind: VerdictKind) -> None:
    assert _follow(OrderState.PAID, kind, known_paid=True).dst is OrderState.REVIEW
    assert _follow(OrderState.PAID, kind, known_paid=False).dst is None
    assert _follow(OrderState.WAITING, kind, known_paid=True).dst is None
