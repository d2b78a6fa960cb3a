"""Payments, and the one path by which news about money takes effect."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from peewee import DecimalField, ForeignKeyField, IntegerField, OperationalError, TextField, UUIDField

from bitloot.consequence import Consequence, follow
from bitloot.gateways.base import PaymentNews, PaymentOpened
from bitloot.money import Expected, judge
from bitloot.states import OrderState, PaymentState
from db.base import Model, now, rows
from db.fields import StateField, TimeField
from db.notices import NewNotice
from db.orders import Order, due_seconds

__all__ = ["Payment", "Taken", "claim_polls", "open_payment", "take_news"]

#: How often a judgement is repeated when the order moves between reading and writing.
JUDGEMENTS = 4


class Payment(Model):
    order_id: uuid.UUID
    id = UUIDField(primary_key=True, default=uuid.uuid4)
    order = ForeignKeyField(Order, backref="payments", index=False)
    gateway = TextField()
    gateway_payment_id = TextField()
    state = StateField(PaymentState)
    rank = IntegerField()
    price = DecimalField(max_digits=12, decimal_places=2)
    currency = TextField()
    pay_amount = DecimalField(max_digits=38, decimal_places=18)
    pay_currency = TextField()
    pay_address = TextField()
    payin_extra_id = TextField(null=True)
    actually_paid = DecimalField(max_digits=38, decimal_places=18, null=True)
    confirmed_at = TimeField(null=True)
    poll_at = TimeField(null=True)
    valid_until = TimeField(null=True)
    created_at = TimeField(default=now)
    updated_at = TimeField(default=now)

    class Meta:
        table_name = "payments"
        indexes = ((("gateway", "gateway_payment_id"), True),)


def open_payment(order: Order, gateway: str, opened: PaymentOpened, poll_seconds: float) -> Payment:
    """Remembers a payment that the gateway opened; the gateway is asked about it after `poll_seconds`."""
    rows(
        "INSERT INTO payments (id, order_id, gateway, gateway_payment_id, state, rank, price, currency, pay_amount,"
        " pay_currency, pay_address, payin_extra_id, valid_until, poll_at, created_at, updated_at) VALUES"
        " (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now() + %s * interval '1 second', now(), now())"
        " ON CONFLICT (gateway, gateway_payment_id) DO NOTHING RETURNING id",
        *(uuid.uuid4(), order.id, gateway, opened.payment_id, str(opened.state), opened.state.rank),
        *(order.price, order.currency, opened.pay_amount, opened.pay_currency, opened.pay_address),
        *(opened.payin_extra_id, opened.valid_until, poll_seconds),
    )
    return Payment.get(Payment.gateway == gateway, Payment.gateway_payment_id == opened.payment_id)


@dataclass(frozen=True)
class Taken:
    """What news did."""

    outcome: str  # unknown | noted | late | moved | case | repeat
    order_id: uuid.UUID | None = None
    dst: OrderState | None = None


@dataclass(frozen=True)
class _Known:
    """Order and payment as one read found them."""

    order_id: uuid.UUID
    order_state: OrderState
    payment_id: uuid.UUID
    payment_rank: int
    expected: Expected


def take_news(
    news: PaymentNews,
    *,
    gateway: str,
    tolerance: Decimal,
    actor: str,
    poll_seconds: float,
    asked: bool = False,
    notice: NewNotice | None = None,
) -> Taken:
    """Judges news about a payment against our rows and lets it take effect in one commit, with its notice if any.

    `asked`: the gateway said so to our own question, which confirms a payment that passes the gate.
    `poll_seconds`: when to ask again if the payment stays open. Two round trips; a repeated notice changes nothing.
    """
    for _ in range(JUDGEMENTS):
        known = _find(gateway, news)
        outcome, consequence, fits = _weigh(known, news, tolerance)
        try:
            return _record(known, news, outcome, consequence, actor, poll_seconds, asked and fits, notice)
        except OperationalError as error:
            if getattr(error.__cause__ or error, "pgcode", None) != "BL001":
                raise
    raise OperationalError("an order kept moving while its payment was judged")


def _find(gateway: str, news: PaymentNews) -> _Known | None:
    """The payment by the gateway's id, else its parent's, else an order of ours that the news names."""
    found = rows(
        "SELECT o.id, o.state, p.id, p.rank, p.gateway_payment_id, p.price, p.currency, p.pay_amount, p.pay_currency"
        " FROM payments p JOIN orders o ON o.id = p.order_id WHERE p.gateway = %s AND p.gateway_payment_id = ANY(%s)"
        " ORDER BY p.gateway_payment_id = %s DESC LIMIT 1",
        *(gateway, [ref for ref in (news.payment_id, news.parent_payment_id) if ref], news.payment_id),
    )
    if found:
        return _known(*found[0])
    return _adopt(gateway, news)


def _known(order_id: Any, state: str, payment_id: Any, rank: int, ref: str, *figures: Any) -> _Known:
    price, currency, pay_amount, pay_currency = figures
    expected = Expected(
        order_id=str(order_id),
        price=price,
        currency=currency,
        pay_currency=pay_currency,
        pay_amount=pay_amount,
        payment_id=ref,
    )
    return _Known(_uuid(order_id), OrderState(state), _uuid(payment_id), rank, expected)


def _uuid(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))


def _adopt(gateway: str, news: PaymentNews) -> _Known | None:
    """A payment that we never saw opened, but that names our order: `POST /payment` timed out and was repeated
    (PROVIDERS.md §3.2). Its price must be the order's; its coin amount can only be the gateway's own word.
    """
    order = _order_named(news.order_id)
    if order is None or news.pay_amount is None or news.parent_payment_id is not None:
        return None
    opened = PaymentOpened(
        payment_id=news.payment_id,
        pay_address="",
        payin_extra_id=None,
        pay_amount=news.pay_amount,
        pay_currency=order.pay_currency,
        valid_until=None,
        state=PaymentState.WAITING,
    )
    payment = open_payment(order, gateway, opened, poll_seconds=60)
    if payment.order_id != order.id:
        return None
    figures = (payment.price, payment.currency, payment.pay_amount, payment.pay_currency)
    return _known(order.id, str(order.state), payment.id, payment.rank, payment.gateway_payment_id, *figures)


def _order_named(reference: str | None) -> Order | None:
    try:
        return Order.get_or_none(Order.id == uuid.UUID(reference or ""))
    except ValueError:
        return None


def _weigh(known: _Known | None, news: PaymentNews, tolerance: Decimal) -> tuple[str, Consequence, bool]:
    """(outcome, consequence, whether it passed the gate) of the news, judged against the rows as they were read."""
    if known is None:
        return "unknown", Consequence(), False
    child = news.payment_id != known.expected.payment_id
    if not child and news.state.rank < known.payment_rank:
        return "late", Consequence(), False
    verdict = judge(known.expected, news, tolerance)
    paid_before = not child and known.payment_rank >= PaymentState.FINISHED.rank
    consequence = follow(known.order_state, verdict, known_paid=paid_before)
    if consequence.dst is not None:
        return "moved", consequence, verdict.paid
    return ("case" if consequence.case else "noted"), consequence, verdict.paid


def _record(
    known: _Known | None,
    news: PaymentNews,
    outcome: str,
    consequence: Consequence,
    actor: str,
    poll_seconds: float,
    confirmed: bool,
    notice: NewNotice | None,
) -> Taken:
    """One statement, one commit: the notice, the payment, the move, the case."""
    effect, values = "NULL::boolean", ()
    if known is not None and outcome != "late":
        effect = "take_news(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        values = _effect(known, news, consequence, actor, poll_seconds, confirmed)
    order_id = known.order_id if known else None
    if notice is None:
        rows(f"SELECT {effect}", *values)
        return Taken(outcome, order_id, consequence.dst)
    kept = rows(
        f"SELECT o_fresh, CASE WHEN o_fresh THEN {effect} END FROM"  # noqa: S608
        " keep_notice(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        *(*values, *notice.row(order_id, outcome)),
    )
    fresh = bool(kept[0][0])
    return Taken(outcome if fresh else "repeat", order_id, consequence.dst if fresh else None)


def _effect(
    known: _Known,
    news: PaymentNews,
    consequence: Consequence,
    actor: str,
    poll_seconds: float,
    confirmed: bool,
) -> tuple[Any, ...]:
    """The arguments of take_news (0002_doors.sql), in its order."""
    child = news.payment_id != known.expected.payment_id
    state = PaymentState.WAITING if child else news.state  # a child tells nothing about its parent's state
    dst = consequence.dst
    return (
        *(known.payment_id, str(state), state.rank, None if child else news.actually_paid, confirmed),
        poll_seconds if max(state.rank, known.payment_rank) < PaymentState.FAILED.rank else None,
        *(known.order_id, str(known.order_state), str(dst) if dst else None, actor, consequence.reason),
        *(json.dumps(consequence.figures), due_seconds(dst) if dst else None, consequence.case),
    )


def claim_polls(limit: int, again: float, watch_days: float) -> list[str]:
    """Takes up to `limit` payments about which the gateway is to be asked now; gives up after `watch_days`.

    Late deposits send no IPN, so an expired payment is watched as well (PROVIDERS.md §3.3).
    """
    found = rows(
        "UPDATE payments SET poll_at = CASE WHEN created_at < now() - %s * interval '1 day' THEN NULL"
        " ELSE now() + %s * interval '1 second' END WHERE id IN ("
        " SELECT id FROM payments WHERE poll_at <= now() ORDER BY poll_at LIMIT %s FOR UPDATE SKIP LOCKED)"
        " RETURNING id",
        *(watch_days, again, limit),
    )
    return [str(payment_id) for (payment_id,) in found]
