"""The life of an order on one screen, and those of its payments and purchases."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "ACTIVE",
    "FINAL",
    "MOVES",
    "PURCHASE_MOVES",
    "OrderState",
    "PaymentState",
    "PurchaseState",
    "SupplierStatus",
    "check_move",
    "check_purchase_move",
    "standing",
]


class OrderState(StrEnum):
    CREATED = "created"  # placed, not yet paid
    PAID = "paid"  # the money passed the gate; a hold may park it here
    WAITING = "waiting"  # every line is placed at its supplier
    READY = "ready"  # the supplier says that all keys are there
    FULFILLED = "fulfilled"  # every key is sealed and stored
    EXPIRED = "expired"  # nobody paid in time
    REVIEW = "review"  # money that does not fit; a case says why
    FAILED = "failed"  # cannot be bought like this; an operator decides
    REFUND_DUE = "refund_due"  # money must go back
    REFUNDED = "refunded"  # money went back, keys are revoked


MOVES: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.CREATED: frozenset({OrderState.PAID, OrderState.EXPIRED, OrderState.REVIEW}),
    # paid → review: the gateway takes its word back before anything was bought
    OrderState.PAID: frozenset(
        {OrderState.WAITING, OrderState.FAILED, OrderState.REFUND_DUE, OrderState.REVIEW}
    ),
    OrderState.WAITING: frozenset({OrderState.READY, OrderState.FAILED, OrderState.REFUND_DUE}),
    OrderState.READY: frozenset({OrderState.FULFILLED, OrderState.FAILED, OrderState.REFUND_DUE}),
    OrderState.FULFILLED: frozenset({OrderState.REFUNDED}),
    OrderState.EXPIRED: frozenset({OrderState.REVIEW}),
    # review → expired: a person rejects the money, and nothing else came
    OrderState.REVIEW: frozenset({OrderState.PAID, OrderState.REFUND_DUE, OrderState.EXPIRED}),
    OrderState.FAILED: frozenset({OrderState.PAID, OrderState.REFUND_DUE}),
    OrderState.REFUND_DUE: frozenset({OrderState.REFUNDED}),
    OrderState.REFUNDED: frozenset(),
}


def standing(state: OrderState) -> str:
    """Where an order in `state` stands, as the end of "the order is …"."""
    said = {OrderState.REVIEW: "in review", OrderState.REFUND_DUE: "due a refund"}
    return said.get(state, state.value)


#: States in which something of ours is due; sweep has a step for each (actors.sweep.STEP).
ACTIVE: frozenset[OrderState] = frozenset(
    {OrderState.PAID, OrderState.WAITING, OrderState.READY, OrderState.FULFILLED}
)

FINAL: frozenset[OrderState] = frozenset(state for state, onward in MOVES.items() if not onward)


class PaymentState(StrEnum):
    """NOWPayments' words (PROVIDERS.md §3.3); `rank` orders them, so that late lower news changes nothing."""

    WAITING = "waiting"
    CONFIRMING = "confirming"
    CONFIRMED = "confirmed"
    SENDING = "sending"
    PARTIALLY_PAID = "partially_paid"
    EXPIRED = "expired"
    FAILED = "failed"
    FINISHED = "finished"
    REFUNDED = "refunded"

    @property
    def rank(self) -> int:
        return _RANK[self]

    @property
    def open(self) -> bool:
        """Whether the gateway may still tell us something better by itself."""
        return self.rank < PaymentState.EXPIRED.rank


# `finished` outranks `partially_paid`, `expired` and `failed`: the merchant may upgrade a partial payment,
# and deposits may land late (PROVIDERS.md §3.3).
_RANK: Mapping[PaymentState, int] = {state: rank for rank, state in enumerate(PaymentState)}


class PurchaseState(StrEnum):
    INTENT = "intent"  # written down, nothing sent
    SENDING = "sending"  # a money call may be under way, under a lease
    PLACED = "placed"  # the supplier gave us its reference; two-phase: not yet paid there
    AMBIGUOUS = "ambiguous"  # it may have happened: ask
    COMMITTING = "committing"  # two-phase: the money call (`give`) may be under way, under a lease
    WAITING = "waiting"  # bought; keys are on their way
    PARTIAL = "partial"  # some keys are stored
    STORED = "stored"  # all keys are stored
    BLOCKED = "blocked"  # our account there: resumed by sweep
    FAILED = "failed"  # certainly not bought
    MANUAL = "manual"  # a person must look


PURCHASE_MOVES: Mapping[PurchaseState, frozenset[PurchaseState]] = {
    PurchaseState.INTENT: frozenset({PurchaseState.SENDING, PurchaseState.PLACED, PurchaseState.MANUAL}),
    PurchaseState.SENDING: frozenset(
        {
            PurchaseState.INTENT,  # certainly not sent (connect refused, 429): free to try again
            PurchaseState.PLACED,
            PurchaseState.AMBIGUOUS,
            PurchaseState.BLOCKED,
            PurchaseState.FAILED,
            PurchaseState.MANUAL,  # the answer contradicts what we know
        }
    ),
    PurchaseState.AMBIGUOUS: frozenset(
        # ambiguous → intent: the one way to a repeat, by the same reference
        {PurchaseState.PLACED, PurchaseState.INTENT, PurchaseState.MANUAL}
    ),
    PurchaseState.BLOCKED: frozenset({PurchaseState.INTENT, PurchaseState.PLACED, PurchaseState.MANUAL}),
    PurchaseState.PLACED: frozenset(
        {PurchaseState.COMMITTING, PurchaseState.WAITING, PurchaseState.FAILED, PurchaseState.MANUAL}
    ),
    PurchaseState.COMMITTING: frozenset(
        {
            PurchaseState.WAITING,
            PurchaseState.PLACED,  # certainly not sent, or asked and not given: same reference again
            PurchaseState.FAILED,
            PurchaseState.MANUAL,
        }
    ),
    PurchaseState.WAITING: frozenset(
        {PurchaseState.PARTIAL, PurchaseState.STORED, PurchaseState.FAILED, PurchaseState.MANUAL}
    ),
    PurchaseState.PARTIAL: frozenset({PurchaseState.STORED, PurchaseState.FAILED, PurchaseState.MANUAL}),
    PurchaseState.STORED: frozenset(),
    PurchaseState.FAILED: frozenset(),
    # a person found it there, or found that it was never bought
    PurchaseState.MANUAL: frozenset({PurchaseState.WAITING, PurchaseState.FAILED}),
}


class SupplierStatus(StrEnum):
    """Where an order stands at the supplier, in our words (PROVIDERS.md §7.2)."""

    PENDING = "pending"
    PARTLY_DELIVERED = "partly_delivered"
    DELIVERED = "delivered"
    CANCELED = "canceled"
    REFUNDED = "refunded"
    FAILED = "failed"


def check_move(src: OrderState, dst: OrderState) -> None:
    """Raises ValueError unless an order may go from `src` to `dst`."""
    if dst not in MOVES[src]:
        raise ValueError(f"an order cannot go from {src} to {dst}")


def check_purchase_move(src: PurchaseState, dst: PurchaseState) -> None:
    """Raises ValueError unless a purchase may go from `src` to `dst`."""
    if dst not in PURCHASE_MOVES[src]:
        raise ValueError(f"a purchase cannot go from {src} to {dst}")
