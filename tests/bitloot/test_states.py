"""The life of an order, as a full square: every pair of states is either a move or refused."""

from __future__ import annotations

import itertools

import pytest

from bitloot.states import (
    ACTIVE,
    FINAL,
    MOVES,
    PURCHASE_MOVES,
    OrderState,
    PaymentState,
    PurchaseState,
    check_move,
    check_purchase_move,
)

LIFE = """
created    → paid expired review
paid       → waiting failed refund_due review
waiting    → ready failed refund_due
ready      → fulfilled failed refund_due
fulfilled  → refunded
expired    → review
review     → paid refund_due expired
failed     → paid refund_due
refund_due → refunded
refunded   →
"""


def _life() -> dict[str, set[str]]:
    lines = [line.partition("→") for line in LIFE.strip().splitlines()]
    return {src.strip(): set(onward.split()) for src, _, onward in lines}


@pytest.mark.parametrize(("src", "dst"), list(itertools.product(OrderState, OrderState)))
def test_every_pair_of_order_states_is_a_move_or_refused(src: OrderState, dst: OrderState) -> None:
    if dst in _life()[src]:
        check_move(src, dst)
    else:
        with pytest.raises(ValueError, match=f"from {src} to {dst}"):
            check_move(src, dst)


def test_every_state_is_reached_and_only_refunded_is_final() -> None:
    reached = set().union(*MOVES.values())
    assert reached == set(OrderState) - {OrderState.CREATED}
    assert {OrderState.REFUNDED} == FINAL
    assert not ACTIVE & FINAL


def test_nothing_is_bought_from_a_state_that_money_did_not_pass() -> None:
    before = {src for src, onward in MOVES.items() if OrderState.WAITING in onward}
    assert before == {OrderState.PAID}


@pytest.mark.parametrize(("src", "dst"), list(itertools.product(PurchaseState, PurchaseState)))
def test_every_pair_of_purchase_states_is_a_move_or_refused(src: PurchaseState, dst: PurchaseState) -> None:
    if dst in PURCHASE_MOVES[src]:
        check_purchase_move(src, dst)
    else:
        with pytest.raises(ValueError, match=f"from {src} to {dst}"):
            check_purchase_move(src, dst)


def test_doubt_never_leads_straight_to_failure() -> None:
    assert PurchaseState.FAILED not in PURCHASE_MOVES[PurchaseState.AMBIGUOUS]
    assert PurchaseState.INTENT not in PURCHASE_MOVES[PurchaseState.COMMITTING]


def test_ranks_grow_along_a_payments_life() -> None:
    good = [PaymentState.WAITING, PaymentState.CONFIRMING, PaymentState.CONFIRMED, PaymentState.SENDING]
    ranks = [state.rank for state in [*good, PaymentState.PARTIALLY_PAID, PaymentState.FINISHED]]
    assert ranks == sorted(set(ranks))
    assert all(state.open for state in good)
    assert not PaymentState.FINISHED.open
    assert PaymentState.FINISHED.rank > PaymentState.EXPIRED.rank
