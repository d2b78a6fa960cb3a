"""The money gate before anything is bought: the gateway must say to our own question what its notice said."""

from __future__ import annotations

from actors.workshop import shop
from bitloot.errors import Ambiguous, Blocked, Permanent
from bitloot.states import OrderState
from db import Order, Payment, open_case, take_news
from db.base import now
from db.payments import finished_payment, is_confirmed

__all__ = ["ask_gateway", "money_is_confirmed"]

#: How long (seconds) the gateway's read may lag behind its own notice before a person is asked.
PATIENCE = 3600.0

#: Between two questions while our account there is blocked, or the payment is refused (seconds).
REST = 120.0

#: Between two questions about a payment that is not confirmed yet (seconds).
PAUSE = 15.0


def money_is_confirmed(order: Order) -> bool:
    """Whether the gateway itself confirmed the order's payment; asks it if need be, and parks the order if not."""
    payment = finished_payment(order.id)
    if payment is None:
        return _accepted_by_a_person(order)
    if payment.confirmed_at is not None:
        return True
    try:
        taken = ask_gateway(payment, "reserve")
    except Blocked as error:
        order.park(f"gateway: {error.code}", REST)
        return False
    except (Permanent, Ambiguous) as error:
        figures = {"payment_id": payment.gateway_payment_id, "error": error.code}
        open_case(order.id, payment.id, "gateway_refuses", figures)
        order.park(f"gateway: {error.code}", REST)
        return False
    if is_confirmed(payment):
        return True
    if taken == "case" or (now() - order.moved_at).total_seconds() > PATIENCE:
        figures = {"payment_id": payment.gateway_payment_id, "outcome": taken}
        open_case(order.id, payment.id, "gateway_disagrees", figures)
        order.advance(OrderState.REVIEW, actor="reserve", reason="gateway_disagrees", data=figures)
    else:
        order.park("the gateway does not confirm the payment yet", PAUSE)
    return False


def _accepted_by_a_person(order: Order) -> bool:
    """An operator may accept money that does not fit (review → paid); the move says so."""
    order.park("no finished payment", PATIENCE)
    return False


def ask_gateway(payment: Payment, actor: str) -> str:
    """Reads the payment at its gateway and lets the answer take effect; the outcome. Raises Retryable or Blocked."""
    tools = shop()
    news = tools.gateway.read_payment(payment.gateway_payment_id)
    taken = take_news(
        news,
        gateway=payment.gateway,
        tolerance=tools.settings.payment_tolerance,
        actor=actor,
        poll_seconds=tools.settings.payment_poll_seconds,
        asked=True,
    )
    return taken.outcome
