"""Where an order stands and why, in one line: the last word of its proof."""

from __future__ import annotations

from dataclasses import dataclass

from bitloot.reasons import reason
from bitloot.states import OrderState
from db.proof import OrderProof

__all__ = ["LastWord", "last_word"]

GOOD, CALM, WARN, BAD = ("✓", "green"), ("·", "dim"), ("!", "yellow"), ("✗", "bold red")

#: (mark, what is said). A reason of the last move is added where there is one.
SAID = {
    OrderState.CREATED: (CALM, "The order waits for its payment."),
    OrderState.PAID: (CALM, "The order is paid; its keys are to be bought."),
    OrderState.WAITING: (CALM, "The keys are bought, and on their way."),
    OrderState.READY: (CALM, "The supplier has the keys; they are to be sealed."),
    OrderState.FULFILLED: (GOOD, "The order is fulfilled: the buyer can open the keys."),
    OrderState.EXPIRED: (CALM, "The order expired."),
    OrderState.REVIEW: (WARN, "The order is in review: a person decides about its money."),
    OrderState.FAILED: (BAD, "The order failed."),
    OrderState.REFUND_DUE: (WARN, "The money of the order is to go back."),
    OrderState.REFUNDED: (CALM, "The order is refunded."),
}

#: States that say by themselves why the order is there.
PLAIN = frozenset({OrderState.CREATED, OrderState.WAITING, OrderState.READY, OrderState.FULFILLED})


@dataclass(frozen=True)
class LastWord:
    """`mark` and `style` are for a terminal."""

    mark: str
    style: str
    text: str


def last_word(proof: OrderProof) -> LastWord:
    """The state, why, and which cases wait for a person."""
    order, moves = proof.facts.order, proof.facts.moves
    (mark, style), text = SAID[order.state]
    waiting = [case for case in proof.cases if case.state == "open"]
    if order.hold:
        text += f" On hold: {order.hold}."
    elif order.state not in PLAIN and moves and moves[-1].reason:
        text += f" {_said(moves[-1].reason)}"
    for case in waiting:
        text += f" Case {case.kind.replace('_', ' ')} is open: bitloot case show {case.id}"
    if waiting and (mark, style) in {GOOD, CALM}:
        mark, style = WARN
    return LastWord(mark, style, text)


def _said(why: str) -> str:
    """A reason as a sentence."""
    words = reason(why)
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith('.') else '.'}"
