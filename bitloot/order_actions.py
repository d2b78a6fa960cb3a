"""What a person may do to an order, and why not: the whole of it on one screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bitloot.states import ACTIVE, OrderState, PurchaseState

__all__ = ["ACTIONS", "BOUGHT", "REVOCABLE", "Objection", "Stand", "objection_to"]

CREATED, PAID, WAITING, READY = OrderState.CREATED, OrderState.PAID, OrderState.WAITING, OrderState.READY
FULFILLED, EXPIRED, REVIEW = OrderState.FULFILLED, OrderState.EXPIRED, OrderState.REVIEW
FAILED, REFUND_DUE, REFUNDED = OrderState.FAILED, OrderState.REFUND_DUE, OrderState.REFUNDED

#: A call that spends money may be under way.
BUYING = frozenset({PurchaseState.SENDING, PurchaseState.COMMITTING})

#: Money was spent at the supplier, or may have been.
BOUGHT = frozenset(PurchaseState) - {PurchaseState.INTENT, PurchaseState.BLOCKED, PurchaseState.FAILED}

#: Something may still be bought in these.
HOLDABLE = frozenset({CREATED, PAID, REVIEW, FAILED})

#: Before these states keys may still come in, and the order is refunded first.
REVOCABLE = frozenset({FULFILLED, REFUND_DUE, REFUNDED})


@dataclass(frozen=True)
class Stand:
    """Where an order stands, as far as it matters for what may be done to it."""

    state: OrderState
    held_by: str | None = None
    purchases: frozenset[PurchaseState] = frozenset()  # of the newest purchase of each line
    refunds: int = 0  # open cases about money that goes back
    may_buy_again: bool = False  # an open case offers it
    letters: frozenset[str] = frozenset()  # kinds that were written
    has_keys: bool = False  # the data key is there


@dataclass(frozen=True)
class Objection:
    """Why not now: a stable code, and a sentence for a person."""

    code: str
    why: str


Judge = Callable[[Stand], Objection | None]

BUYING_NOW = Objection("buying_now", "A purchase of this order is under way; ask again in a minute.")


def _hold(stand: Stand) -> Objection | None:
    if stand.held_by is not None:
        return Objection("already_held", f"{stand.held_by} holds it already.")
    if stand.state not in HOLDABLE:
        return Objection("not_now", f"Nothing is bought any more for an order that is {stand.state}.")
    return BUYING_NOW if stand.purchases & BUYING else None


def _release(stand: Stand) -> Objection | None:
    return None if stand.held_by is not None else Objection("not_held", "Nobody holds this order.")


def _cancel(stand: Stand) -> Objection | None:
    if stand.state is CREATED:
        return None
    if stand.state is REVIEW:
        return Objection("case_open", "Money came for it that does not fit: answer its cases.")
    if stand.state in {EXPIRED, REFUND_DUE, REFUNDED}:
        return Objection("over", f"An order that is {stand.state} has nothing left to cancel.")
    if stand.state is FULFILLED:
        return Objection("delivered", "Its keys are delivered; mark it refunded once its money went back.")
    if stand.purchases & BUYING:
        return BUYING_NOW
    if stand.state in {WAITING, READY} or stand.purchases & BOUGHT:
        return Objection("bought", "A line of it is bought, or may be: its cases say what can be done.")
    return None


def _refunded(stand: Stand) -> Objection | None:
    if stand.state not in {REFUND_DUE, FULFILLED}:
        return Objection("not_now", f"Nothing is owed for an order that is {stand.state}.")
    if stand.refunds > 1 or (stand.refunds and stand.state is FULFILLED):
        return Objection("cases_open", "Its cases say which money goes back: answer each of them.")
    return None


def _revoke(stand: Stand) -> Objection | None:
    if stand.state not in REVOCABLE:
        return Objection("not_now", f"An order that is {stand.state} has no keys to revoke yet.")
    return None if stand.has_keys else Objection("nothing_left", "Its keys are destroyed already.")


def _resend_letter(stand: Stand) -> Objection | None:
    return None if stand.letters else Objection("no_letter", "No letter was written for this order yet.")


def _retry(stand: Stand) -> Objection | None:
    if stand.held_by is not None:
        return Objection("held", f"{stand.held_by} holds it: release it first.")
    if stand.state in ACTIVE or (stand.state is FAILED and stand.may_buy_again):
        return None
    if stand.state in {FAILED, REVIEW}:
        return Objection("case_open", "Its cases say what can be done: answer them.")
    return Objection("nothing_due", f"An order that is {stand.state} has no step to repeat.")


ACTIONS: Mapping[str, Judge] = {
    "hold": _hold,
    "release": _release,
    "cancel": _cancel,
    "refunded": _refunded,
    "revoke": _revoke,
    "resend-letter": _resend_letter,
    "retry": _retry,
}


def objection_to(action: str, stand: Stand) -> Objection | None:
    return ACTIONS[action](stand)
