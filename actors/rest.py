"""A wait that is too long for a message: the order's own row waits, and sweep comes back to it."""

from __future__ import annotations

import structlog

from actors.policy import Policy
from bitloot.errors import BitLootError, Blocked, Closed, Retryable
from db import Order

__all__ = ["rests"]

log = structlog.get_logger(__name__)

#: How long (seconds) an order rests while our account at a provider is refused, unless the refusal says.
REST = 60.0


def rests(policy: Policy, subject: str, error: BitLootError) -> bool:
    """Whether the step is over for now, since the row brings it back when the time has come; then nothing is retried.

    So it is for what our own gate refused, which is no attempt; for a provider's Retry-After beyond the policy's
    largest wait; and for an account that is refused, which is not the order's fault.
    """
    seconds = _seconds(policy, error)
    if seconds is None or not policy.swept:
        return False
    if policy.states and not _rest(policy, subject, error, seconds):
        return False
    log.info("left to its row", action="rests", code=error.code, seconds=round(seconds, 1))
    return True


def _seconds(policy: Policy, error: BitLootError) -> float | None:
    match error:
        case Closed():
            return error.after or policy.first
        case Retryable() if error.after is not None and error.after > policy.largest:
            return error.after
        case Blocked():
            return error.after or REST
    return None


def _rest(policy: Policy, subject: str, error: BitLootError, seconds: float) -> bool:
    """Whether the order waits. One that went on meanwhile has nothing more to do with this."""
    order = Order.find(subject)
    if order is None or order.state not in policy.states:
        return True
    if isinstance(error, Blocked):
        return order.park(error.code, seconds)
    return order.look_again(seconds)
