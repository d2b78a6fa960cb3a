"""The one path by which news about money takes effect: judged against our rows, recorded in one commit."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from peewee import DatabaseError, OperationalError

from bitloot.amounts import EXACT
from bitloot.consequence import Consequence, follow
from bitloot.gateways.base import PaymentNews, PaymentOpened
from bitloot.moments import believable
from bitloot.money import judge
from bitloot.states import OrderState, PaymentState
from db.base import code_of, rows
from db.known_payments import Known, find_known, pick
from db.notices import KEEP, NewNotice
from db.orders import Order, due_seconds
from db.payments import open_payment
from db.purchases import INTENDED, INTENDED_ONCE, Intent, Purchase

__all__ = [
    "Effect",
    "Foreseen",
    "Judgement",
    "Taken",
    "Terms",
    "Told",
    "effect_of",
    "foresee",
    "judge_news",
    "take_news",
    "taken_as",
]

#: How often a judgement is repeated when the order moves between reading and writing.
JUDGEMENTS = 4

#: take_news (0002_doors.sql) says so when an order is no longer where the judgement saw it.
MOVED_MEANWHILE = "BL001"

#: payments.pay_amount is numeric(38, 18).
SMALLEST, BEYOND = Decimal("1e-18"), Decimal("1e20")


@dataclass(frozen=True)
class Taken:
    """What news did."""

    outcome: str  # unknown | noted | late | moved | case | repeat | locked (kept, and to run again)
    order_id: uuid.UUID | None = None
    dst: OrderState | None = None
    confirmed: bool = False  # it was asked for, and the payment is finished by the gateway's own word
    intended: Sequence[Purchase] | None = None  # written down with the word that confirmed it


@dataclass(frozen=True)
class Foreseen:
    """What news would do: `adopted` (a payment that we did not open, for an order of ours), or as in Taken."""

    outcome: str
    order_id: uuid.UUID | None = None
    src: OrderState | None = None
    dst: OrderState | None = None
    case: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class Terms:
    """Under which news is judged. `poll_seconds`: when to ask again about a payment that stays open."""

    gateway: str
    tolerance: Decimal
    actor: str
    poll_seconds: float


@dataclass(frozen=True)
class Told:
    """One piece of news, with its notice if it came as one. `asked`: the gateway said so to our own question,
    which confirms a payment that passes the gate."""

    news: PaymentNews
    notice: NewNotice | None = None
    asked: bool = False


@dataclass(frozen=True)
class Judgement:
    """What is to be recorded, if the order still stands where `known` saw it."""

    told: Told
    known: Known | None
    outcome: str
    consequence: Consequence
    confirmed: bool = False


@dataclass(frozen=True)
class Effect:
    """What the SQL function take_news (0010_notices.sql) is to do, in the order of its arguments."""

    payment_id: uuid.UUID
    state: str
    rank: int
    actually_paid: Decimal | None
    confirmed: bool
    poll_seconds: float | None
    order_id: uuid.UUID
    src: str
    dst: str | None
    actor: str
    reason: str
    figures: Mapping[str, str]
    due_seconds: float | None
    case: str | None
    told_at: datetime | None


def take_news(
    news: PaymentNews,
    *,
    gateway: str,
    tolerance: Decimal,
    actor: str,
    poll_seconds: float,
    asked: bool = False,
    notice: NewNotice | None = None,
    known: Known | None = None,
    intent: Intent | None = None,
) -> Taken:
    """Judges one piece of news and lets it take effect. A repeated notice changes nothing.

    Two round trips; one where the caller read the rows just before (`known`), and the news is about them. `intent` is
    written down in the commit of an answer that confirms the payment.
    """
    terms, told = Terms(gateway, tolerance, actor, poll_seconds), Told(news, notice, asked)
    for number in range(JUDGEMENTS):
        if number or known is None or known.expected.payment_id != news.payment_id:
            known = pick(find_known(gateway, [news]), news) or _adopt(gateway, news)
        try:
            return _record(judge_news(known, told, terms), terms, intent)
        except DatabaseError as error:
            if code_of(error) != MOVED_MEANWHILE:
                raise
    raise OperationalError("an order kept moving while its payment was judged")


def foresee(news: PaymentNews, terms: Terms) -> Foreseen:
    """What `take_news` would do with the news now; writes nothing."""
    known = pick(find_known(terms.gateway, [news]), news)
    order = None if known else _adoptable(news)
    if order is not None:
        return Foreseen("adopted", order.id, order.state)
    judgement = judge_news(known, Told(news), terms)
    if known is None:
        return Foreseen(judgement.outcome)
    consequence = judgement.consequence
    return Foreseen(
        judgement.outcome,
        known.order_id,
        known.order_state,
        consequence.dst,
        consequence.case,
        consequence.reason,
    )


def _adopt(gateway: str, news: PaymentNews) -> Known | None:
    """A payment that we never saw opened, but that names our order: `POST /payment` timed out and was repeated
    (PROVIDERS.md §3.2). Its price must be the order's; its coin amount can only be the gateway's own word.
    """
    order = _adoptable(news)
    if order is None or news.pay_amount is None:
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
    open_payment(order, gateway, opened, poll_seconds=60)
    return pick(find_known(gateway, [news]), news)


def _adoptable(news: PaymentNews) -> Order | None:
    """The order that would adopt this payment."""
    if news.pay_amount is None or news.parent_payment_id is not None:
        return None
    if not SMALLEST <= news.pay_amount < BEYOND or EXACT.remainder(news.pay_amount, SMALLEST):
        return None  # no amount of a coin, and none that our columns hold as it is
    return _order_named(news.order_id)


def _order_named(reference: str | None) -> Order | None:
    try:
        return Order.get_or_none(Order.id == uuid.UUID(reference or ""))
    except ValueError:
        return None


def judge_news(known: Known | None, told: Told, terms: Terms) -> Judgement:
    """What the news means, judged against the rows as they were read."""
    news = told.news
    if known is None:
        return Judgement(told, None, "unknown", Consequence())
    child = news.payment_id != known.expected.payment_id
    if not child and _is_late(known, told):
        return Judgement(told, known, "late", Consequence())
    verdict = judge(known.expected, news, terms.tolerance)
    paid_before = not child and known.payment_rank >= PaymentState.FINISHED.rank
    consequence = follow(known.order_state, verdict, known_paid=paid_before)
    outcome = "moved" if consequence.dst else "case" if consequence.case else "noted"
    return Judgement(told, known, outcome, consequence, confirmed=told.asked and verdict.paid)


def _is_late(known: Known, told: Told) -> bool:
    """News of a lower rank, or older figures of the same; the answer to our own question is never late."""
    news, told_at = told.news, believable(told.news.updated_at)
    if news.state.rank != known.payment_rank or told.asked:
        return news.state.rank < known.payment_rank
    return told_at is not None and known.told_at is not None and told_at < known.told_at


def _record(judgement: Judgement, terms: Terms, intent: Intent | None) -> Taken:
    """One statement, one commit: notice, payment, move, case, intent, in this order."""
    notice, effect = judgement.told.notice, effect_of(judgement, terms)
    order_id = judgement.known.order_id if judgement.known else None
    values = _arguments(effect) if effect else ()
    marks = ", ".join(["%s"] * len(values))
    if notice is not None:
        call = f"take_news({marks})" if effect else "NULL::boolean"
        sql = f"SELECT o_fresh, CASE WHEN o_fresh THEN {call} END FROM {KEEP}"  # noqa: S608
        [(fresh, moved)] = rows(sql, *values, *notice.row(order_id, judgement.outcome))
        return taken_as(judgement, order_id, fresh=bool(fresh), moved=bool(moved))
    if effect is None:
        return taken_as(judgement, order_id, fresh=True, moved=False)
    answer, intended = f"FROM take_answer({marks}) a", None
    if intent is None:
        [(moved, confirmed)] = rows(f"SELECT a.o_moved, a.o_confirmed {answer}", *values)
    else:
        sql = f"SELECT a.o_moved, a.o_confirmed, {INTENDED} {answer} {INTENDED_ONCE.format('a.o_confirmed')}"
        (moved, confirmed), intended = intent.written(sql, *values, *intent.values())
    taken = taken_as(judgement, order_id, fresh=True, moved=bool(moved))
    return replace(taken, confirmed=bool(confirmed), intended=intended if confirmed else None)


def effect_of(judgement: Judgement, terms: Terms) -> Effect | None:
    """None where nothing but the notice is to be written."""
    known, news, consequence = judgement.known, judgement.told.news, judgement.consequence
    if known is None or judgement.outcome == "late":
        return None
    child, dst = news.payment_id != known.expected.payment_id, consequence.dst
    state = PaymentState.WAITING if child else news.state  # a child tells nothing about its parent's state
    still_open = max(state.rank, known.payment_rank) < PaymentState.FAILED.rank
    return Effect(
        payment_id=known.payment_id,
        state=str(state),
        rank=state.rank,
        actually_paid=None if child else news.actually_paid,
        confirmed=judgement.confirmed,
        poll_seconds=terms.poll_seconds if still_open else None,
        order_id=known.order_id,
        src=str(known.order_state),
        dst=str(dst) if dst else None,
        actor=terms.actor,
        reason=consequence.reason,
        figures=consequence.figures,
        due_seconds=due_seconds(dst) if dst else None,
        case=consequence.case,
        told_at=None if child else believable(news.updated_at),
    )


def _arguments(effect: Effect) -> tuple[Any, ...]:
    values = (getattr(effect, field.name) for field in fields(Effect))
    return tuple(json.dumps(dict(value)) if isinstance(value, Mapping) else value for value in values)


def taken_as(judgement: Judgement | None, order_id: uuid.UUID | None, *, fresh: bool, moved: bool) -> Taken:
    """`moved` is the database's word: what a person has answered already moves nothing."""
    if not fresh or judgement is None:
        return Taken("repeat", order_id)
    if judgement.consequence.dst is not None and not moved:
        return Taken("noted", order_id)
    return Taken(judgement.outcome, order_id, judgement.consequence.dst)
