"""The one path by which news about money takes effect: judged against our rows, recorded in one commit."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from peewee import DatabaseError, OperationalError

from bitloot.consequence import Consequence, follow
from bitloot.gateways.base import PaymentNews, PaymentOpened
from bitloot.money import Expected, judge
from bitloot.states import OrderState, PaymentState
from db.base import rows
from db.notices import NewNotice
from db.orders import Order, due_seconds
from db.payments import open_payment

__all__ = ["Taken", "Terms", "Told", "take_batch", "take_news"]

#: How often a judgement is repeated when the order moves between reading and writing.
JUDGEMENTS = 4

#: take_news (0002_doors.sql) says so when an order is no longer where the judgement saw it.
MOVED_MEANWHILE = "BL001"

#: payments.pay_amount is numeric(38, 18).
SMALLEST, BEYOND = Decimal("1e-18"), Decimal("1e20")

FIND = (
    "SELECT p.gateway_payment_id, o.id, o.state, p.id, p.rank, p.price, p.currency, p.pay_amount, p.pay_currency"
    " FROM payments p JOIN orders o ON o.id = p.order_id WHERE p.gateway = %s AND p.gateway_payment_id = ANY(%s)"
)


@dataclass(frozen=True)
class Taken:
    """What news did."""

    outcome: str  # unknown | noted | late | moved | case | repeat
    order_id: uuid.UUID | None = None
    dst: OrderState | None = None


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
class Known:
    """Order and payment as one read found them."""

    order_id: uuid.UUID
    order_state: OrderState
    payment_id: uuid.UUID
    payment_rank: int
    expected: Expected


@dataclass(frozen=True)
class Judgement:
    """What is to be recorded, if the order still stands where `known` saw it."""

    told: Told
    known: Known | None
    outcome: str
    consequence: Consequence
    confirmed: bool = False


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
    """Judges one piece of news and lets it take effect. Two round trips; a repeated notice changes nothing."""
    terms, told = Terms(gateway, tolerance, actor, poll_seconds), Told(news, notice, asked)
    for _ in range(JUDGEMENTS):
        known = _pick(_find(gateway, [told]), news) or _adopt(gateway, news)
        try:
            return _record([_judge(known, told, terms)], terms)[0]
        except DatabaseError as error:
            if not _moved_meanwhile(error):
                raise
    raise OperationalError("an order kept moving while its payment was judged")


def take_batch(batch: Sequence[Told], terms: Terms) -> list[Taken | None]:
    """Takes many pieces of news in two round trips and one commit; None for each that must be taken alone.

    Alone is whatever names no payment that we know, and everything if an order moved meanwhile.
    """
    found = _find(terms.gateway, batch)
    known = [_pick(found, told.news) for told in batch]
    judged = [_judge(item, told, terms) for item, told in zip(known, batch, strict=True) if item]
    try:
        taken = iter(_record(judged, terms) if judged else [])
    except DatabaseError as error:
        if not _moved_meanwhile(error):
            raise
        return [None] * len(batch)
    return [next(taken) if item else None for item in known]


def _moved_meanwhile(error: DatabaseError) -> bool:
    """The server's code is on psycopg2's error, which peewee's replaces."""
    return getattr(error.__cause__ or error.__context__, "pgcode", None) == MOVED_MEANWHILE


def _find(gateway: str, batch: Sequence[Told]) -> dict[str, Known]:
    """The payments that the news is about, and their parents, by the gateway's id."""
    news = [told.news for told in batch]
    refs = {ref for item in news for ref in (item.payment_id, item.parent_payment_id) if ref}
    return {row[0]: _known(*row) for row in rows(FIND, gateway, list(refs))}


def _pick(found: dict[str, Known], news: PaymentNews) -> Known | None:
    """The payment itself, else its parent: a repeated deposit's own id is new to us (PROVIDERS.md §3.4)."""
    return found.get(news.payment_id) or found.get(news.parent_payment_id or "")


def _known(ref: str, order_id: Any, state: str, payment_id: Any, rank: int, *figures: Any) -> Known:
    price, currency, pay_amount, pay_currency = figures
    expected = Expected(
        order_id=str(order_id),
        price=price,
        currency=currency,
        pay_currency=pay_currency,
        pay_amount=pay_amount,
        payment_id=ref,
    )
    return Known(_uuid(order_id), OrderState(state), _uuid(payment_id), rank, expected)


def _uuid(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))


def _adopt(gateway: str, news: PaymentNews) -> Known | None:
    """A payment that we never saw opened, but that names our order: `POST /payment` timed out and was repeated
    (PROVIDERS.md §3.2). Its price must be the order's; its coin amount can only be the gateway's own word.
    """
    order = _order_named(news.order_id)
    if order is None or news.pay_amount is None or news.parent_payment_id is not None:
        return None
    if not SMALLEST <= news.pay_amount < BEYOND or news.pay_amount % SMALLEST:
        return None  # no amount of a coin, and none that our columns hold as it is
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
    return _pick(_find(gateway, [Told(news)]), news)


def _order_named(reference: str | None) -> Order | None:
    try:
        return Order.get_or_none(Order.id == uuid.UUID(reference or ""))
    except ValueError:
        return None


def _judge(known: Known | None, told: Told, terms: Terms) -> Judgement:
    """What the news means, judged against the rows as they were read."""
    news = told.news
    if known is None:
        return Judgement(told, None, "unknown", Consequence())
    child = news.payment_id != known.expected.payment_id
    if not child and news.state.rank < known.payment_rank:
        return Judgement(told, known, "late", Consequence())
    verdict = judge(known.expected, news, terms.tolerance)
    paid_before = not child and known.payment_rank >= PaymentState.FINISHED.rank
    consequence = follow(known.order_state, verdict, known_paid=paid_before)
    outcome = "moved" if consequence.dst else "case" if consequence.case else "noted"
    return Judgement(told, known, outcome, consequence, confirmed=told.asked and verdict.paid)


def _record(judged: Sequence[Judgement], terms: Terms) -> list[Taken]:
    """One statement, one commit: notices, payments, moves, cases, in this order."""
    parts = [_statement(judgement, terms) for judgement in judged]
    sql = " UNION ALL ".join(sql for sql, _ in parts)
    done = rows(sql, *(value for _, values in parts for value in values))
    return [
        _taken(judgement, fresh=bool(fresh), moved=bool(moved))
        for judgement, (fresh, moved) in zip(judged, done, strict=True)
    ]


def _statement(judgement: Judgement, terms: Terms) -> tuple[str, tuple[Any, ...]]:
    """A SELECT that records one judgement and says whether its notice is new."""
    known, notice = judgement.known, judgement.told.notice
    effect, values = "NULL::boolean", ()
    if known is not None and judgement.outcome != "late":
        effect = "take_news(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        values = _effect(known, judgement, terms)
    if notice is None:
        return f"SELECT true, {effect}", values
    kept = "keep_notice(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
    row = notice.row(known.order_id if known else None, judgement.outcome)
    return f"SELECT o_fresh, CASE WHEN o_fresh THEN {effect} END FROM {kept}", (*values, *row)  # noqa: S608


def _effect(known: Known, judgement: Judgement, terms: Terms) -> tuple[Any, ...]:
    """The arguments of take_news (0004_net.sql), in its order."""
    news, consequence, dst = judgement.told.news, judgement.consequence, judgement.consequence.dst
    child = news.payment_id != known.expected.payment_id
    state = PaymentState.WAITING if child else news.state  # a child tells nothing about its parent's state
    still_open = max(state.rank, known.payment_rank) < PaymentState.FAILED.rank
    return (
        *(
            known.payment_id,
            str(state),
            state.rank,
            None if child else news.actually_paid,
            judgement.confirmed,
        ),
        terms.poll_seconds if still_open else None,
        *(known.order_id, str(known.order_state), str(dst) if dst else None, terms.actor, consequence.reason),
        *(json.dumps(dict(consequence.figures)), due_seconds(dst) if dst else None, consequence.case),
    )


def _taken(judgement: Judgement, *, fresh: bool, moved: bool) -> Taken:
    """`moved` is the database's word: what a person has answered already moves nothing."""
    order_id = judgement.known.order_id if judgement.known else None
    if not fresh:
        return Taken("repeat", order_id)
    if judgement.consequence.dst is not None and not moved:
        return Taken("noted", order_id)
    return Taken(judgement.outcome, order_id, judgement.consequence.dst)
