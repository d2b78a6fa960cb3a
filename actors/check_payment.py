"""Asks the gateway where a payment stands, since a notice may never come."""

from __future__ import annotations

import structlog

from actors import bell
from actors.chain import hand_on
from actors.gate import ask_gateway
from actors.reserve import reserve
from actors.step import step
from actors.workshop import shop
from bitloot.errors import Ambiguous, Blocked, Permanent
from bitloot.states import OrderState
from bitloot.story import learn
from db import Order, Payment
from db.payments import stop_watching

__all__ = ["check_payment"]

log = structlog.get_logger(__name__)


@step(queue="check_payment")
def check_payment(payment_id: str) -> None:
    """Lets what the gateway says take effect, exactly as a notice would.

    The watch ends only with an answer: a gateway that was away at its end is asked on until it speaks.
    """
    payment = Payment.get_or_none(Payment.id == payment_id)
    if payment is None:
        return
    learn(payment.order_id)
    try:
        outcome = ask_gateway(payment, "check_payment").outcome
    except Blocked as error:  # our account there; asked again on schedule
        log.warning("the gateway does not say", action="payment_unknown", code=error.code)
        return
    except (Permanent, Ambiguous) as error:  # an order that is paid has its case
        log.warning("the gateway does not know", action="payment_unknown", code=error.code)
        outcome = "unknown"
    stop_watching(payment.id, shop().settings.payment_watch_days)
    if outcome in {"moved", "case"}:
        bell.ring()
    if outcome == "moved" and Order.get_by_id(payment.order_id).state is OrderState.PAID:
        hand_on(reserve, str(payment.order_id))
