"""Many notices about payments in one round trip: each judged by what it says itself, which the server compares with
our rows."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from bitloot.gateways.base import PaymentNews
from bitloot.money import Expected
from bitloot.states import OrderState, PaymentState
from db.base import code_of, rows
from db.known_payments import Known, known_of
from db.news import Judgement, Taken, Terms, Told, effect_of, judge_news, taken_as
from db.notices import NewNotice

__all__ = ["TAKE", "Later", "is_locked", "suppose", "take_batch", "take_or_keep"]

#: 0025_notices_together.sql says what it does.
TAKE = "SELECT * FROM take_notices(%s, %s, %s)"

LOCK_NOT_AVAILABLE = "55P03"

#: How often a notice is judged: by itself, by our rows, and again if they go on moving.
ROUNDS = 5

#: Stands for the id of a payment that is not read yet; the server puts the right one in its place.
NOT_READ = uuid.UUID(int=0)


class Later(Enum):
    """Why a notice was not taken."""

    UNKNOWN = "unknown"  # it names no payment of ours; perhaps an order: to be taken by itself
    LOCKED = "locked"  # somebody holds its rows; to be tried again


@dataclass
class _Item:
    """A notice on its way: what it is judged by, and what became of it."""

    told: Told
    notice: NewNotice
    known: Known | None
    is_guess: bool = True
    judgement: Judgement | None = None
    result: Taken | Later | None = None


def take_batch(batch: Sequence[Told], terms: Terms) -> list[Taken | Later]:
    """Takes many notices in one commit and, where they meet what they suppose, in one round trip.

    None waits for rows that somebody holds. Raises peewee's errors, one that `is_locked` if an open transaction holds
    the same notice; then none was taken.
    """
    return _take(batch, terms, last_try=False)


def take_or_keep(batch: Sequence[Told], terms: Terms) -> list[Taken | Later]:
    """As take_batch, for those that waited long enough: what is locked is kept as a notice, which is to run again."""
    return _take(batch, terms, last_try=True)


def _take(batch: Sequence[Told], terms: Terms, *, last_try: bool) -> list[Taken | Later]:
    items = [_Item(told, told.notice, suppose(told.news)) for told in batch if told.notice is not None]
    if len(items) != len(batch):
        raise ValueError("only notices come in batches")
    for _ in range(ROUNDS):
        waiting = [item for item in items if item.result is None]
        if not waiting:
            break
        _round(waiting, terms, last_try)
    return [item.result or Later.LOCKED for item in items]


def is_locked(error: Exception) -> bool:
    """Whether the server gave up waiting for somebody's lock: nothing was committed, and the server is well."""
    return code_of(error) == LOCK_NOT_AVAILABLE


def suppose(news: PaymentNews) -> Known | None:
    """Our rows as the notice describes them, of an order that waits for its money; None if it does not say enough."""
    if news.parent_payment_id is not None or news.price is None or news.pay_amount is None:
        return None
    try:
        expected = Expected(
            order_id=str(uuid.UUID(news.order_id or "")),
            price=news.price,
            currency=news.currency or "",
            pay_currency=news.pay_currency or "",
            pay_amount=news.pay_amount,
            payment_id=news.payment_id,
        )
    except ValueError:  # no reference of ours, or no amounts
        return None
    order_id = uuid.UUID(expected.order_id)
    return Known(order_id, OrderState.CREATED, NOT_READ, PaymentState.WAITING.rank - 1, None, expected)


def _round(items: Sequence[_Item], terms: Terms, last_try: bool) -> None:
    told = [{**_notice(item), **_premises(item, last_try), **_effect(item, terms)} for item in items]
    answers = rows(TAKE, json.dumps(told), terms.gateway, terms.actor)
    for item, (said, moved, *facts) in zip(items, answers, strict=True):
        order_id = uuid.UUID(str(facts[1])) if facts[1] else None
        if said in {"taken", "repeat"}:
            item.result = taken_as(item.judgement, order_id, fresh=said == "taken", moved=bool(moved))
        elif said == "otherwise":
            item.known, item.is_guess = known_of(*facts), False
        elif said == "unknown" and item.is_guess and item.told.news.parent_payment_id:
            item.known, item.is_guess = None, False  # its parent is asked for (PROVIDERS.md §3.4)
        else:
            item.result = Taken("locked", order_id) if said == "kept" else Later(said)


def _notice(item: _Item) -> dict[str, Any]:
    notice = item.notice
    return {
        "id": str(notice.id),
        "event": notice.event,
        "external_id": notice.external_id,
        "digest": notice.digest,
        "proof": notice.proof,
        "data_key": base64.b64encode(notice.data_key).decode(),
        "body": base64.b64encode(notice.body).decode(),
        "size": notice.size,
        "address": notice.address,
        "verdict": notice.verdict,
        "took_ms": notice.took_ms(),
        "told_at": _moment(notice.told_at),
    }


def _premises(item: _Item, last_try: bool) -> dict[str, Any]:
    """What our rows must say; without any, they are only read."""
    known, news = item.known, item.told.news
    if known is None:
        about = news.payment_id if item.is_guess else news.parent_payment_id
        return {"about": about, "is_guess": item.is_guess, "is_last": last_try}
    rank, expected = known.payment_rank, known.expected
    return {
        "about": expected.payment_id,
        "is_guess": item.is_guess,
        "is_last": last_try,
        "order_id": expected.order_id,
        "src": str(known.order_state),
        "price": str(expected.price),
        "currency": expected.currency,
        "pay_amount": str(expected.pay_amount),
        "pay_currency": expected.pay_currency,
        "rank_from": rank,
        "rank_to": min(news.state.rank, PaymentState.FINISHED.rank - 1) if item.is_guess else rank,
        "known_told_at": _moment(known.told_at),
    }


def _effect(item: _Item, terms: Terms) -> dict[str, Any]:
    """What is to follow, if our rows say so."""
    if item.known is None:
        item.judgement = None
        return {}
    item.judgement = judge_news(item.known, item.told, terms)
    effect = effect_of(item.judgement, terms)
    outcome: dict[str, Any] = {"outcome": item.judgement.outcome}
    if effect is None:
        return outcome
    return outcome | {
        "state": effect.state,
        "rank": effect.rank,
        "actually_paid": None if effect.actually_paid is None else str(effect.actually_paid),
        "poll_seconds": effect.poll_seconds,
        "dst": effect.dst,
        "reason": effect.reason,
        "data": dict(effect.figures),
        "due_seconds": effect.due_seconds,
        "case": effect.case,
        "news_told_at": _moment(effect.told_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
