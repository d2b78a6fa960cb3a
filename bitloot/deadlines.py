"""How long an order may stand in each state before a person is called."""

from __future__ import annotations

from collections.abc import Mapping

from bitloot.settings import Settings
from bitloot.states import OrderState

__all__ = ["deadlines"]

#: After the watch of its payments an unpaid order is ended by sweep; what still stands then (seconds) has a reason.
EXPIRY_SLACK = 2 * 3600.0


def deadlines(settings: Settings) -> Mapping[OrderState, float]:
    """Seconds for every state that waits for something: money, us, a supplier or a person."""
    return {
        OrderState.CREATED: settings.payment_watch_days * 86_400 + EXPIRY_SLACK,
        OrderState.PAID: settings.deadline_paid,
        OrderState.WAITING: settings.deadline_waiting,
        OrderState.READY: settings.deadline_ready,
        OrderState.FULFILLED: settings.deadline_letter,
        OrderState.REVIEW: settings.deadline_person,
        OrderState.FAILED: settings.deadline_person,
        OrderState.REFUND_DUE: settings.deadline_person,
    }
