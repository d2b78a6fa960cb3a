"""What stands before a purchase: the order, the payment that pays it, and whatever forbids to go on, by one read."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from bitloot.case_moves import HOLDING
from bitloot.states import PaymentState
from db.base import rows
from db.fields import as_uuid
from db.known_payments import Known, known_of
from db.orders import Order
from db.payments import Payment

__all__ = ["Paying", "find_paying"]


@dataclass(frozen=True)
class Paying:
    """`payment` is the one that paid the order (see `finished_payment`); `case` is the kind of an open case about it
    that forbids buying."""

    order: Order
    payment: Payment | None
    case: str | None

    @property
    def known(self) -> Known | None:
        """What news about the payment is judged against."""
        order, payment = self.order, self.payment
        if payment is None:
            return None
        return known_of(
            payment.gateway_payment_id,
            order.id,
            str(order.state),
            payment.id,
            payment.rank,
            payment.told_at,
            *(payment.price, payment.currency, payment.pay_amount, payment.pay_currency),
        )


def find_paying(order_id: str | uuid.UUID) -> Paying | None:
    """None if there is no such order."""
    found = rows(
        "SELECT (SELECT c.kind FROM cases c WHERE c.order_id = o.id AND c.subject = p.id::text AND c.state = 'open'"  # noqa: S608
        f"  AND c.kind = ANY(%s) LIMIT 1), {Order.columns('o')}, {Payment.columns('p')}"
        " FROM orders o LEFT JOIN payments p ON p.order_id = o.id AND p.state = %s"
        " WHERE o.id = %s ORDER BY p.confirmed_at NULLS LAST LIMIT 1",
        *(sorted(HOLDING), str(PaymentState.FINISHED), as_uuid(order_id)),
    )
    if not found:
        return None
    case, *row = found[0]
    width = len(Order._meta.sorted_fields)
    payment = Payment.from_row(tuple(row[width:])) if row[width] is not None else None
    return Paying(Order.from_row(tuple(row[:width])), payment, case)
