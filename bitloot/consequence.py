"""What follows for an order from news about its money. Pure: the caller holds the rows and takes the step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bitloot.money import Verdict, VerdictKind
from bitloot.states import OrderState

__all__ = ["Consequence", "follow"]


@dataclass(frozen=True)
class Consequence:
    """A move, a case, both, or neither."""

    dst: OrderState | None = None
    reason: str = ""
    case: str | None = None
    figures: Mapping[str, str] = field(default_factory=dict)


NOTHING = Consequence()


def follow(state: OrderState, verdict: Verdict, *, known_paid: bool) -> Consequence:
    """What `verdict` on one payment means for its order in `state`.

    `known_paid`: this payment had already passed the gate, so that the news is a repeat.
    """
    if verdict.kind is VerdictKind.PAID:
        return NOTHING if known_paid else _paid(state, verdict)
    if verdict.case or verdict.kind is VerdictKind.FOREIGN_ORDER:
        # What speaks against the payment that a paid order rests on stops it; other money beside it does not.
        stops = {OrderState.CREATED, OrderState.EXPIRED} | ({OrderState.PAID} if known_paid else set())
        dst = OrderState.REVIEW if state in stops else None
        return Consequence(dst, verdict.kind.value, verdict.kind.value, verdict.figures)
    if verdict.kind in {VerdictKind.EXPIRED, VerdictKind.FAILED} and state is OrderState.CREATED:
        return Consequence(OrderState.EXPIRED, verdict.kind.value, None, verdict.figures)
    if verdict.kind is VerdictKind.REFUNDED and state is not OrderState.CREATED:
        # What is paid and not yet bought must not be bought any more.
        dst = OrderState.REVIEW if state is OrderState.PAID else None
        return Consequence(dst, "refunded_at_gateway" if dst else "", "refunded_at_gateway", verdict.figures)
    return NOTHING


def _paid(state: OrderState, verdict: Verdict) -> Consequence:
    if state is OrderState.CREATED:
        # The gate of PROVIDERS.md §3.4 is passed, so the order goes on; what came too much is a question of its own.
        case = "overpaid" if verdict.surplus else None
        return Consequence(OrderState.PAID, "payment finished", case, verdict.figures)
    if state is OrderState.EXPIRED:
        return Consequence(OrderState.REVIEW, "late", "late", verdict.figures)
    if (
        state is OrderState.REVIEW
    ):  # a partial payment that became whole, or a second one: the case beside it tells
        return Consequence(None, "", "paid_in_review", verdict.figures)
    # Any other state has seen money before: this is money on top of it.
    return Consequence(None, "", "paid_again", verdict.figures)
