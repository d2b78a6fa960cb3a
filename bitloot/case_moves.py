"""What a person may do about each kind of case, and what it does: the whole of it on one screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bitloot.states import OrderState

__all__ = ["BASIS", "CASE_MOVES", "HOLDING", "NOTED", "CaseMove", "basis_of", "moves_of", "verdict_of"]

CREATED, PAID, WAITING, READY = OrderState.CREATED, OrderState.PAID, OrderState.WAITING, OrderState.READY
FULFILLED, EXPIRED, REVIEW = OrderState.FULFILLED, OrderState.EXPIRED, OrderState.REVIEW
FAILED, REFUND_DUE, REFUNDED = OrderState.FAILED, OrderState.REFUND_DUE, OrderState.REFUNDED

ANYWHERE = frozenset(OrderState)

#: What an answer may rest on, and how each is written, wherever it is given.
BASIS: Mapping[str, str] = {
    "amount": r"[0-9]{1,20}(\.[0-9]{1,18})?",  # of `coin`, in plain digits
    "coin": r"[A-Za-z0-9]{2,20}",
    "address": r"[\x21-\x7e]{1,200}",
    "transaction": r"[\x21-\x7e]{1,200}",
    "ref": r"[\x21-\x7e]{1,200}",
}

#: What becomes of the basis of a refund, said with both moves that open its case.
REFUND = (
    "a case `refund` is opened with amount and coin, those that came unless you give others; the address is given here,"
    " or once it is known with the answer `refunded` to that case."
)


@dataclass(frozen=True)
class CaseMove:
    """`name` is what an operator says and what is recorded. `allowed`: the order states in which it means something.

    An order in review goes where the answers to all of its holding cases lead (`verdict_of`); elsewhere `order` says
    where the move takes it, by the state that it comes from; from others it stays.
    """

    name: str
    says: str
    allowed: frozenset[OrderState] = ANYWHERE
    order: Mapping[OrderState, OrderState] | None = None
    refund: bool = False  # opens a case `refund` with the basis
    settle: Literal["adopt", "not_bought"] | None = None  # what it says of a purchase in doubt
    step: bool = False  # sends the step of the order's state again


ACCEPT = CaseMove(
    "accept",
    "The money counts as payment. An order in review is bought once the gateway itself confirms what was accepted.",
    ANYWHERE - {REFUND_DUE, REFUNDED},
)
REFUND_MONEY = CaseMove(
    "refund_due",
    f"This money goes back: {REFUND}",
    refund=True,
)
REJECT = CaseMove(
    "reject",
    "The money neither pays nor goes back (dust, another shop's, below the fee). An order in review ends unpaid.",
    ANYWHERE - {REFUND_DUE},
)
ASK_AGAIN = CaseMove(
    "retry",
    "The order goes back to `paid`; the gateway is asked anew before anything is bought.",
    frozenset({REVIEW}),
)
BUY_AGAIN = CaseMove(
    "retry",
    "The order goes back to `paid`: lines that were certainly not bought are bought again, under a new reference.",
    frozenset({FAILED}),
    order={FAILED: PAID},
)
REFUND_ORDER = CaseMove(
    "refund_due",
    f"The order ends, its money goes back: {REFUND}",
    frozenset({PAID, WAITING, READY, FAILED}),
    order={PAID: REFUND_DUE, WAITING: REFUND_DUE, READY: REFUND_DUE, FAILED: REFUND_DUE},
    refund=True,
)
REFUNDED_NOW = CaseMove(
    "refunded",
    "The money went back. An order that was due a refund is refunded, once nothing else is owed.",
    order={REFUND_DUE: REFUNDED},
)
GONE = CaseMove(
    "refunded",
    "The order's money went back at the gateway: the order ends, and the right to its keys with it.",
    frozenset({REVIEW, REFUND_DUE, FULFILLED}),
    order={REFUND_DUE: REFUNDED, FULFILLED: REFUNDED},
)
ADOPT = CaseMove(
    "adopt", "It was bought: take the supplier's order named in the basis (`ref`).", settle="adopt"
)
NOT_BOUGHT = CaseMove(
    "not_bought", "It was certainly not bought: the purchase has failed.", settle="not_bought"
)
STEP = CaseMove(
    "retry",
    "The step of the order's state is sent again.",
    frozenset({PAID, WAITING, READY, FULFILLED}),
    step=True,
)
NOTED = CaseMove("noted", "Seen; nothing is left to do here.", ANYWHERE - {REVIEW})

MONEY = (ACCEPT, REFUND_MONEY, REJECT)
DOUBT = (ADOPT, NOT_BOUGHT)

CASE_MOVES: Mapping[str, tuple[CaseMove, ...]] = {
    # money that does not fit (PROVIDERS.md §3.4)
    "underpaid": MONEY,
    "overpaid": MONEY,
    "late": MONEY,
    "wrong_asset": MONEY,
    "repeated_deposit": MONEY,
    "price_mismatch": MONEY,
    "currency_mismatch": MONEY,
    "incomplete": (ASK_AGAIN, *MONEY),
    "foreign_order": MONEY,
    "paid_in_review": MONEY,
    "paid_again": MONEY,
    # the gateway's word
    "gateway_disagrees": (ASK_AGAIN, REFUND_MONEY, REJECT),
    "gateway_refuses": (REFUND_ORDER, NOTED),
    "refunded_at_gateway": (GONE, ASK_AGAIN, NOTED),
    "refund": (REFUNDED_NOW, REJECT),
    # purchases and keys
    "purchase_in_doubt": DOUBT,
    "bought_twice": DOUBT,
    "reference_taken": DOUBT,
    "purchase_failed": (BUY_AGAIN, REFUND_ORDER),
    "purchase_ended": (BUY_AGAIN, REFUND_ORDER),
    "keys_not_to_be_had": (STEP, REFUND_ORDER),
    "key_unreadable": (GONE, NOTED),
    "duplicate_key": (NOTED,),
    "surplus_keys": (NOTED,),
    "ended_after_delivery": (NOTED,),
    "orphan_purchase": (NOTED,),
    # letters
    "letter_failed": (NOTED,),
    "letter_in_doubt": (NOTED,),
    # alarms
    "stuck": (STEP, NOTED),
}

#: Kinds that keep an order in review, and a paid one from being bought if they are about the payment it rests on.
HOLDING = frozenset(
    {
        "underpaid",
        "late",
        "wrong_asset",
        "repeated_deposit",
        "price_mismatch",
        "currency_mismatch",
        "incomplete",
        "foreign_order",
        "paid_in_review",
        "gateway_disagrees",
        "refunded_at_gateway",
    }
)


def moves_of(kind: str, state: OrderState) -> tuple[CaseMove, ...]:
    """What a person may do now; where the order has left all that behind, no more than take note."""
    possible = tuple(move for move in CASE_MOVES.get(kind, (NOTED,)) if state in move.allowed)
    return possible or (NOTED,)


def verdict_of(answers: frozenset[str]) -> OrderState:
    """Where an order in review goes when its last holding case is answered, by the answers to all of them."""
    if answers & {"accept", "retry"}:
        return PAID
    return REFUND_DUE if answers & {"refund_due", "refunded"} else EXPIRED


def basis_of(kind: str, figures: Mapping[str, Any]) -> dict[str, str]:
    """What would go back for such a case, as far as its figures tell: {amount, coin}; of too much, what is too much."""
    amount = figures.get("difference" if kind == "overpaid" else "received_amount")
    coin = figures.get("received_coin")
    return {"amount": str(amount), "coin": str(coin)} if amount and coin else {}
