"""The net under everything: finds whatever stands still by its row, and sends its step again."""

from __future__ import annotations

from collections.abc import Mapping

import dramatiq
import structlog

from actors.check_payment import check_payment
from actors.encrypt_store import encrypt_store
from actors.finalize import finalize
from actors.notify import notify
from actors.reserve import reserve
from actors.step import step
from actors.workshop import shop
from bitloot.states import OrderState
from db import claim_due, claim_polls

__all__ = ["STEP", "sweep", "sweep_once"]

log = structlog.get_logger(__name__)

#: The step that takes an order on from each state in which something of ours is due.
STEP: Mapping[OrderState, dramatiq.Actor[..., None]] = {
    OrderState.PAID: reserve,
    OrderState.WAITING: finalize,
    OrderState.READY: encrypt_store,
    OrderState.FULFILLED: notify,
}


@step(queue="sweep")
def sweep() -> None:
    """Derives all pending work from rows; what Redis lost is found here."""
    sweep_once()


def sweep_once() -> dict[str, int]:
    """One pass; {step: how many messages it sent}."""
    settings = shop().settings
    sent: dict[str, int] = {}
    for order_id, state in claim_due(settings.sweep_batch, settings.sweep_grace):
        STEP[state].send(str(order_id))
        sent[STEP[state].actor_name] = sent.get(STEP[state].actor_name, 0) + 1
    polls = claim_polls(settings.sweep_batch, settings.payment_poll_seconds, settings.payment_watch_days)
    for payment_id in polls:
        check_payment.send(payment_id)
    if polls:
        sent[check_payment.actor_name] = len(polls)
    if sent:
        log.info("sweep found work", action="swept", **sent)
    return sent
