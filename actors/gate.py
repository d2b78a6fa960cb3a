"""The money gate before anything is bought: the gateway must say to our own question what its notice said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from actors.workshop import shop
from bitloot.amounts import plain
from bitloot.errors import Ambiguous, Blocked, Permanent
from bitloot.gateways.base import PaymentNews
from bitloot.states import OrderState, PaymentState
from db import Order, Payment, Purchase, Taken, open_case, take_news
from db.base import now
from db.cases import end_cases, holding_case
from db.known_payments import Known
from db.paying import Paying
from db.purchases import Intent
from db.resolutions import Accepted, accepted_money

__all__ = ["ask_gateway", "intend_once_confirmed"]

#: The number of the move that paid an order at once; only a later one may rest on a person's word.
FIRST_PAID = 2

#: How long (seconds) the gateway's read may lag behind its own notice before a person is asked.
PATIENCE = 3600.0

#: Between two questions while our account there is blocked, or the payment is refused (seconds).
REST = 120.0

#: Between two questions about a payment that is not confirmed yet (seconds).
PAUSE = 15.0


def intend_once_confirmed(paying: Paying, intent: Callable[[], Intent]) -> Sequence[Purchase] | None:
    """What the order wants bought, once the gateway itself confirmed its payment. Asks it if need be, and then the
    intent is committed with its answer. None, and the order parked, where it does not confirm it."""
    order, payment = paying.order, paying.payment
    accepted = accepted_money(order.id) if order.seq > FIRST_PAID else []
    if accepted:
        return intent().write() if _accepted_by_a_person(order, accepted) else None
    if payment is None:
        order.park("no finished payment", PATIENCE)
        return None
    if paying.case is not None:
        order.park(f"case: {paying.case}", PATIENCE)
        return None
    if payment.confirmed_at is not None:
        return intent().write()
    taken = _answer(paying, payment, intent)
    if taken is None:
        return None
    if taken.confirmed:
        if order.hold:
            end_cases(order.id, "gateway_refuses", who="reserve", reason="the gateway confirms the payment")
        return taken.intended
    if taken.outcome in {"case", "moved"} or (now() - order.moved_at).total_seconds() > PATIENCE:
        figures = {"payment_id": payment.gateway_payment_id, "outcome": taken.outcome}
        open_case(order.id, payment.id, "gateway_disagrees", figures)
        order.advance(OrderState.REVIEW, actor="reserve", reason="gateway_disagrees", data=figures)
    else:
        order.park("the gateway does not confirm the payment yet", PAUSE)
    return None


def _answer(paying: Paying, payment: Payment, intent: Callable[[], Intent]) -> Taken | None:
    """The gateway's; None, and the order parked, where it gives none."""
    order = paying.order
    try:
        return ask_gateway(payment, "reserve", paying.known, intent)
    except Blocked as error:
        order.park(f"gateway: {error.code}", REST)
    except (Permanent, Ambiguous) as error:
        figures = {"payment_id": payment.gateway_payment_id, "error": error.code}
        open_case(order.id, payment.id, "gateway_refuses", figures)
        order.park(f"gateway: {error.code}", REST)
    return None


def _is_held(order: Order) -> bool:
    """Whether an open case forbids buying; sweep looks again, an answer wakes the order at once."""
    kind = holding_case(order.id)
    return kind is not None and (order.park(f"case: {kind}", PATIENCE) or True)


def _accepted_by_a_person(order: Order, accepted: list[Accepted]) -> bool:
    """An operator accepted money that does not fit; the gateway must still say that at least this came."""
    if _is_held(order):
        return False
    try:
        for money in accepted:
            news = shop().gateway.read_payment(money.payment_id)
            if not _came(money, news):
                _contradict(order, money, news)
                return False
    except (Blocked, Permanent, Ambiguous) as error:
        order.park(f"gateway: {error.code}", REST)
        return False
    return True


def _came(money: Accepted, news: PaymentNews) -> bool:
    return (
        news.state in {PaymentState.FINISHED, PaymentState.PARTIALLY_PAID}
        and news.pay_currency == money.coin
        and news.actually_paid is not None
        and news.actually_paid >= Decimal(money.amount)
    )


def _contradict(order: Order, money: Accepted, news: PaymentNews) -> None:
    figures = {
        "payment_id": money.payment_id,
        "accepted_amount": money.amount,
        "accepted_coin": money.coin or "",
        "gateway_state": str(news.state),
        "received_amount": plain(news.actually_paid or Decimal(0)),
        "received_coin": news.pay_currency or "",
    }
    open_case(order.id, money.payment_id, "gateway_disagrees", figures)
    order.advance(OrderState.REVIEW, actor="reserve", reason="gateway_disagrees", data=figures)


def ask_gateway(
    payment: Payment, actor: str, known: Known | None = None, intent: Callable[[], Intent] | None = None
) -> Taken:
    """Reads the payment at its gateway and lets the answer take effect. Raises Retryable or Blocked.

    `known`: the rows as the caller read them just before. `intent`: what follows from a word that confirms the payment.
    """
    tools = shop()
    news = tools.gateway.read_payment(payment.gateway_payment_id)
    return take_news(
        news,
        gateway=payment.gateway,
        tolerance=tools.settings.payment_tolerance,
        actor=actor,
        poll_seconds=tools.settings.payment_poll_seconds,
        asked=True,
        known=known,
        intent=intent() if intent is not None else None,
    )
