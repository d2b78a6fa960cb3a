"""What may be done to an order, state by state, and why not elsewhere."""

from __future__ import annotations

import pytest

from bitloot.order_actions import ACTIONS, Stand, objection_to
from bitloot.states import OrderState, PurchaseState

#: Where each action is possible for an order that nothing stands in the way of.
ALLOWED: dict[str, set[str]] = {
    "hold": {"created", "paid", "review", "failed"},
    "release": set(),
    "cancel": {"created", "paid", "failed"},
    "refunded": {"refund_due", "fulfilled"},
    "revoke": {"fulfilled", "refund_due", "refunded"},
    "resend-letter": set(OrderState),
    "retry": {"paid", "waiting", "ready", "fulfilled"},
}


def test_every_action_is_possible_where_it_is_and_explained_where_not() -> None:
    assert set(ALLOWED) == set(ACTIONS)
    for action, states in ALLOWED.items():
        for state in OrderState:
            objection = objection_to(action, Stand(state, letters=frozenset({"refund"}), has_keys=True))
            assert (objection is None) == (state in states), (action, state)
            assert objection is None or objection.why.endswith(".")


@pytest.mark.parametrize(
    ("action", "stand", "code"),
    [
        ("hold", Stand(OrderState.PAID, held_by="admin:olga"), "already_held"),
        ("hold", Stand(OrderState.PAID, purchases=frozenset({PurchaseState.SENDING})), "buying_now"),
        ("release", Stand(OrderState.PAID, held_by="admin:olga"), None),
        ("cancel", Stand(OrderState.PAID, purchases=frozenset({PurchaseState.COMMITTING})), "buying_now"),
        ("cancel", Stand(OrderState.PAID, purchases=frozenset({PurchaseState.AMBIGUOUS})), "bought"),
        ("cancel", Stand(OrderState.FAILED, purchases=frozenset({PurchaseState.FAILED})), None),
        ("cancel", Stand(OrderState.FAILED, purchases=frozenset({PurchaseState.STORED})), "bought"),
        ("refunded", Stand(OrderState.REFUND_DUE, refunds=2), "cases_open"),
        ("refunded", Stand(OrderState.REFUND_DUE, refunds=1), None),
        ("refunded", Stand(OrderState.FULFILLED, refunds=1), "cases_open"),
        ("revoke", Stand(OrderState.REFUNDED), "nothing_left"),
        ("resend-letter", Stand(OrderState.PAID), "no_letter"),
        ("retry", Stand(OrderState.PAID, held_by="admin:olga"), "held"),
        ("retry", Stand(OrderState.FAILED, may_buy_again=True), None),
        ("retry", Stand(OrderState.FAILED), "case_open"),
        ("retry", Stand(OrderState.REFUNDED), "nothing_due"),
    ],
)
def test_what_stands_in_the_way_is_named(action: str, stand: Stand, code: str | None) -> None:
    objection = objection_to(action, stand)
    assert (objection.code if objection else None) == code
