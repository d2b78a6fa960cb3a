"""Clean-up: keys whose right has ended are destroyed, and their objects deleted, one failure not stopping the rest."""

from __future__ import annotations

from uuid import UUID

import structlog

from actors.step import step
from actors.workshop import shop
from bitloot.errors import BitLootError
from db import record_access
from db.base import transaction
from db.rights import claim_doomed, forget_doomed, orders_to_clear, withdraw_right

__all__ = ["clear", "withdraw_ended"]

log = structlog.get_logger(__name__)

#: Objects that one run deletes at most, and how long (seconds) one that stays rests at first.
BATCH = 100
AGAIN = 60.0

#: From this many failed deletions of one object on, an operator hears of it each time.
STUBBORN = 3


@step(queue="clear")
def clear() -> None:
    """Deletes what is doomed. What cannot be deleted now is unreadable already, and comes again later."""
    gone, tools = [], shop()
    for doomed in claim_doomed(BATCH, AGAIN):
        try:
            tools.store.delete(doomed.object_name)
        except BitLootError as error:
            tell = log.error if doomed.tries >= STUBBORN else log.warning
            tell(
                "an object could not be deleted",
                action="not_deleted",
                order=str(doomed.order_id),
                code=error.code,
                tries=doomed.tries + 1,
            )
        else:
            gone.append(doomed.object_name)
    forget_doomed(gone)
    if gone:
        log.info("sealed objects deleted", action="deleted", count=len(gone))


def withdraw_ended(retention_days: float, limit: int) -> int:
    """Withdraws the rights of refunded orders and of those whose time is over; how many."""
    return sum(_withdraw(order_id, why) for order_id, why in orders_to_clear(retention_days, limit))


def _withdraw(order_id: UUID, why: str) -> bool:
    """One commit with its record: no key is destroyed that the records do not tell of."""
    with transaction():
        done = withdraw_right(order_id, who="sweep", reason=why)
        if done:
            record_access(
                order_id,
                "revoke",
                actor="sweep",
                outcome="granted",
                address="",
                user_agent="",
                details={"reason": why},
            )
    return done
