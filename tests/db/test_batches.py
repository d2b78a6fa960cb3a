"""Many notices in one statement take effect as each would by itself, and none waits for another's lock."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg2
import pytest
from peewee import OperationalError

import db
from bitloot.gateways.base import PaymentNews
from bitloot.settings import Settings
from bitloot.states import OrderState, PaymentState
from bitloot.vault import Vault
from db import Case, Later, NewNotice, Notice, Payment, Replay, Terms, Told, batches, take_batch
from db.batches import is_locked, take_or_keep
from db.news import judge_news
from tests.db.traces import left_behind
from tests.factories import a_payment, again, an_order, news_of, take
from tests.statements import counted

VAULT = Vault({1: b"m" * 32})
TERMS = Terms("nowpayments", Decimal(0), "test", 60)
NOW = datetime.now(UTC)

#: One seal for all, so that what is kept of two notices can be compared.
SEALED = db.seal_notice(
    VAULT,
    source="nowpayments",
    event="finished",
    external_id=None,
    digest="",
    proof="sorted",
    headers={},
    body=b"{}",
    address="127.0.0.1",
    told_at=NOW,
)

#: What may be said of a payment, one thing after another; `None` takes a figure away.
STORIES: list[list[dict[str, Any]]] = [
    [{}],
    [{}, {}],
    [{"state": PaymentState.WAITING}, {"state": PaymentState.CONFIRMING}, {}],
    [{"state": PaymentState.CONFIRMING}, {"state": PaymentState.WAITING}],
    [{"state": PaymentState.EXPIRED}, {}],
    [{}, {"state": PaymentState.REFUNDED}],
    [{}, {"state": PaymentState.FAILED}],
    [{"actually_paid": Decimal("0.0001")}, {}],
    [{"actually_paid": Decimal("0.0009")}],
    [{"actually_paid": None}],
    [{"price": Decimal("1.00")}],
    [{"price": None}],
    [{"currency": "usd"}],
    [{"currency": "EUR"}],
    [{"pay_currency": "eth"}],
    [{"pay_amount": Decimal("0.0004"), "actually_paid": Decimal("0.0004")}],
    [{"pay_amount": Decimal("0.0006")}],
    [{"pay_amount": None}],
    [{"order_id": "00000000-0000-4000-8000-000000000000"}],
    [{"order_id": None}],
    [{"order_id": "BL-1"}],
    [{"parent_payment_id": "1"}],
    [
        {"state": PaymentState.PARTIALLY_PAID, "actually_paid": Decimal("0.0004"), "updated_at": NOW},
        {"state": PaymentState.PARTIALLY_PAID, "updated_at": NOW - timedelta(hours=1)},
        {"state": PaymentState.PARTIALLY_PAID, "updated_at": NOW + timedelta(seconds=1)},
    ],
]


def a_notice(payment: Payment, digest: str) -> NewNotice:
    return replace(SEALED, id=uuid.uuid4(), external_id=payment.gateway_payment_id, digest=digest)


def told(payment: Payment, digest: str = "d", **changes: Any) -> Told:
    return Told(news_of(payment, **changes), a_notice(payment, digest))


@contextmanager
def holding(settings: Settings, sql: str, *params: object) -> Iterator[None]:
    """Another session that holds what `sql` locks."""
    other = psycopg2.connect(settings.database_url.get_secret_value())
    try:
        other.cursor().execute(sql, params)
        yield
    finally:
        other.close()


def test_every_story_ends_as_it_does_when_our_rows_are_read_first(database: Settings) -> None:
    """A notice that is judged by what it says itself is judged no otherwise; and what takes the usual notices of a
    batch leaves the same rows as what takes one by itself."""
    for number, story in enumerate(STORIES):
        first, second = a_payment(an_order()), a_payment(an_order())
        for step, said in enumerate(story):
            changes = {"updated_at": NOW} | said
            digest = f"{number}.{step}"
            alone = take(news_of(first, **changes), notice=a_notice(first, f"{digest}a"))
            [batched] = take_batch([told(second, f"{digest}b", **changes)], TERMS)
            if batched is Later.UNKNOWN:
                assert alone.outcome == "unknown"
                continue
            assert isinstance(batched, db.Taken)
            assert (batched.outcome, batched.dst) == (alone.outcome, alone.dst), changes
            assert left_behind(second) == left_behind(first), changes


def test_a_batch_takes_effect_like_one_after_another(database: Settings) -> None:
    payments = [a_payment(an_order()) for _ in range(5)]
    batch = [told(payment, str(number)) for number, payment in enumerate(payments)]
    batch[1] = told(payments[1], "short", actually_paid=Decimal("0.0001"))
    batch.append(told(payments[0], "0"))  # the same notice again, in the same batch
    batch.append(told(payments[0], "twice"))
    batch.append(told(payments[0], "stranger", payment_id="1", order_id=None))
    batch.append(told(payments[2], "child", payment_id="2", parent_payment_id=payments[2].gateway_payment_id))
    taken = take_batch(batch, TERMS)
    outcomes = [item.outcome if isinstance(item, db.Taken) else item for item in taken]
    assert outcomes == ["moved"] * 5 + ["repeat", "noted", Later.UNKNOWN, "case"]
    states = [again(payment.order).state for payment in payments]
    assert states == [OrderState.PAID, OrderState.REVIEW, *[OrderState.PAID] * 3]
    assert Notice.select().count() == 7
    assert sorted(case.kind for case in Case.select()) == ["repeated_deposit", "underpaid"]


def test_a_notice_that_says_what_we_expect_costs_one_statement(database: Settings) -> None:
    payment, other = a_payment(an_order()), a_payment(an_order())
    batches = [
        [told(payment, str(state), state=state)] for state in (PaymentState.WAITING, PaymentState.FINISHED)
    ]
    batches.append([told(payment, str(PaymentState.FINISHED))])  # a repeat
    for batch in batches:
        with counted() as asked:
            take_batch(batch, TERMS)
        assert len(asked) == 1
    with counted() as asked:
        take_batch([told(other, "another"), told(payment, "late", state=PaymentState.WAITING)], TERMS)
    assert len(asked) == 2  # the late one is judged by our rows; its neighbour was taken before
    assert again(other.order).state is OrderState.PAID


def test_an_order_that_moves_while_it_is_judged_is_judged_again(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = a_payment(an_order())
    judge, judged = judge_news, list[OrderState]()

    def be_overtaken(known: Any, *rest: Any) -> Any:
        judged.append(known.order_state)
        if len(judged) == 1:
            again(payment.order).advance(OrderState.EXPIRED, actor="somebody quicker")
        return judge(known, *rest)

    monkeypatch.setattr(batches, "judge_news", be_overtaken)
    [taken] = take_batch([told(payment)], TERMS)
    assert judged == [OrderState.CREATED, OrderState.EXPIRED]
    assert isinstance(taken, db.Taken)
    assert taken.dst is OrderState.REVIEW
    assert Case.get().kind == "late"
    assert Notice.select().count() == 1


@pytest.mark.parametrize(
    "lock",
    [
        "SELECT 1 FROM orders WHERE id = %s FOR UPDATE",
        "UPDATE orders SET email = email WHERE id = %s",
        "UPDATE payments SET updated_at = now() WHERE order_id = %s",
    ],
)
def test_a_locked_order_costs_its_neighbours_nothing(database: Settings, lock: str) -> None:
    locked, free = a_payment(an_order()), a_payment(an_order())
    with holding(database, lock, str(locked.order_id)):
        batch = [told(locked, "locked"), told(free, "free")]
        first, second = take_batch(batch, TERMS)
        assert first is Later.LOCKED
        assert isinstance(second, db.Taken)
        assert again(free.order).state is OrderState.PAID
        assert Notice.select().count() == 1
        [kept] = take_or_keep(batch[:1], TERMS)
        assert isinstance(kept, db.Taken)
        assert kept.outcome == "locked"
        assert take_or_keep([told(locked, "locked")], TERMS) == [db.Taken("repeat", kept.order_id)]
    notice = Notice.get(Notice.digest == "locked")
    assert notice.outcome == "locked"
    assert notice.order_id == (None if "FOR UPDATE" in lock else locked.order_id)
    [run] = Replay.select()  # sweep sends it
    assert (run.notice_id, run.done_at, run.attempts) == (notice.id, None, 0)


def test_a_notice_that_waits_in_another_transaction_is_given_up_soon(database: Settings) -> None:
    """Another process takes the same notice and stands still before its commit."""
    payment = a_payment(an_order())
    notice = a_notice(payment, "same")
    elsewhere = (
        "INSERT INTO notices (id, source, event, digest, proof, outcome, data_key, body, size, address, repeats,"
        " replays, received_at, seen_at) VALUES (gen_random_uuid(), 'nowpayments', 'e', 'same', 'p', 'o', '', '', 0,"
        " '', 0, 0, now(), now())"
    )
    with holding(database, elsewhere):
        with pytest.raises(OperationalError) as caught:
            take_batch([Told(news_of(payment), notice)], TERMS)
        assert is_locked(caught.value)
    [taken] = take_batch([Told(news_of(payment), notice)], TERMS)
    assert isinstance(taken, db.Taken)
    assert taken.outcome == "moved"


def test_what_says_too_little_is_not_guessed() -> None:
    whole = PaymentNews(
        "1",
        PaymentState.FINISHED,
        order_id="00000000-0000-4000-8000-000000000000",
        price=Decimal(1),
        currency="eur",
        pay_amount=Decimal(1),
        pay_currency="btc",
    )
    assert batches.suppose(whole) is not None
    assert batches.suppose(replace(whole, order_id=None)) is None
    assert batches.suppose(replace(whole, price=None)) is None
    assert batches.suppose(replace(whole, pay_amount=None)) is None
    assert batches.suppose(replace(whole, parent_payment_id="2")) is None
    assert batches.suppose(replace(whole, price=Decimal(0))) is None


def test_an_empty_batch_is_nothing(database: Settings) -> None:
    with counted() as asked:
        assert take_batch([], TERMS) == []
    assert asked == []


def test_only_notices_come_in_batches() -> None:
    with pytest.raises(ValueError, match="notices"):
        take_batch([Told(PaymentNews("1", PaymentState.FINISHED))], TERMS)
