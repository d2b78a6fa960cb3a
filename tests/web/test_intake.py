"""Group commit: every handler gets its own answer, after its own commit, whatever happens to the others."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import psycopg2
import pytest
from peewee import OperationalError

import db
from bitloot import pace
from bitloot.gateways.base import PaymentNews
from bitloot.settings import Settings
from bitloot.states import OrderState, PaymentState
from bitloot.vault import Vault
from db import Later, Notice, Payment, Replay, Taken, Terms, Told, base, take_batch, take_news
from tests.factories import a_payment, again, an_order, news_of
from tests.waiting import until
from web import intake as module
from web.desk import Desk
from web.intake import Intake

TERMS = Terms("nowpayments", Decimal(0), "ipn", 60)
VAULT = Vault({1: b"m" * 32})


def a_notice(payment: Payment, digest: str) -> db.NewNotice:
    return db.seal_notice(
        VAULT,
        source="nowpayments",
        event="finished",
        external_id=payment.gateway_payment_id,
        digest=digest,
        proof="sorted",
        headers={},
        body=b"{}",
        address="127.0.0.1",
    )


def all_at_once(intake: Intake, told: list[tuple[Payment, str]]) -> list[Taken | Exception]:
    """Each notice from a thread of its own, as handlers do."""
    answers: dict[int, Taken | Exception] = {}
    start = threading.Barrier(len(told))

    def handle(number: int, payment: Payment, digest: str) -> None:
        start.wait()
        try:
            answers[number] = intake.take(news_of(payment), a_notice(payment, digest))
        except Exception as error:
            answers[number] = error

    threads = [threading.Thread(target=handle, args=(number, *item)) for number, item in enumerate(told)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[number] for number in range(len(told))]


def test_each_handler_gets_the_answer_to_its_own_notice(database: Settings) -> None:
    payments = [a_payment(an_order()) for _ in range(40)]
    answers = all_at_once(Intake(TERMS), [(payment, payment.gateway_payment_id) for payment in payments])
    for payment, taken in zip(payments, answers, strict=True):
        assert isinstance(taken, Taken)
        assert (taken.outcome, taken.order_id, taken.dst) == ("moved", payment.order_id, OrderState.PAID)
        assert again(payment.order).state is OrderState.PAID
    assert Notice.select().count() == 40


def test_at_the_desk_nobody_goes_before_all_who_came_with_him(database: Settings) -> None:
    intake, calls = Intake(TERMS), SimpleQueue[Callable[[], None]]()
    desk, answers = Desk(calls.put), []
    payments = [a_payment(an_order()) for _ in range(8)]

    def visit(payment: Payment) -> None:
        answers.append(intake.take(news_of(payment), a_notice(payment, payment.gateway_payment_id)))

    for payment in payments:
        assert intake._waiting.empty()
        desk.serve(partial(visit, payment), lambda: None)
    assert intake._waiting.empty()
    desk.end_round()
    while len(answers) < len(payments):
        calls.get(timeout=30)()
    assert [taken.outcome for taken in answers] == ["moved"] * 8


def test_notices_of_a_busy_time_are_committed_together(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first waits for nobody; the next commit begins a while after it, with all who came meanwhile."""
    busy, pauses, batches = threading.Event(), list[float](), list[int]()

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if seconds:
            busy.wait(60)

    def counted(batch: Sequence[Told], terms: Terms) -> list[Taken | Later]:
        batches.append(len(batch))
        return take_batch(batch, terms)

    monkeypatch.setattr(pace, "time", SimpleNamespace(monotonic=lambda: 100.0, sleep=pause))
    monkeypatch.setattr(module, "take_batch", counted)
    intake, payments = Intake(TERMS), [a_payment(an_order()) for _ in range(4)]
    first = all_at_once(intake, [(payments[0], payments[0].gateway_payment_id)])
    with ThreadPoolExecutor(1) as threads:
        others = threads.submit(
            all_at_once, intake, [(payment, payment.gateway_payment_id) for payment in payments[1:]]
        )
        until(lambda: len(pauses) == 2 and intake._waiting.qsize() == 2)
        busy.set()
        assert [taken.outcome for taken in first + others.result(60) if isinstance(taken, Taken)] == [
            "moved"
        ] * 4
    assert batches == [1, 3]
    assert pauses == [0, pytest.approx(module.APART)]


def test_the_same_notice_in_one_batch_is_one_move(database: Settings) -> None:
    payment = a_payment(an_order())
    answers = all_at_once(Intake(TERMS), [(payment, "same")] * 20)
    outcomes = sorted(taken.outcome for taken in answers if isinstance(taken, Taken))
    assert outcomes == ["moved"] + ["repeat"] * 19
    assert again(payment.order).seq == 2


def test_two_notices_that_race_for_one_order_are_both_answered(database: Settings) -> None:
    payment = a_payment(an_order())
    answers = all_at_once(Intake(TERMS), [(payment, "one"), (payment, "two")])
    outcomes = {taken.outcome for taken in answers if isinstance(taken, Taken)}
    assert "moved" in outcomes
    assert outcomes <= {"moved", "noted", "late"}  # late: the one that was told first came second
    assert again(payment.order).seq == 2


def test_one_that_cannot_be_taken_does_not_take_the_others_with_it(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = a_payment(an_order()), a_payment(an_order())
    monkeypatch.setattr(module, "take_batch", lambda batch, terms: [Later.UNKNOWN] * len(batch))
    alone = take_news

    def take_alone(news: object, **options: object) -> Taken:
        if getattr(news, "payment_id", "") == bad.gateway_payment_id:
            raise ValueError("cannot")
        return alone(news, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "take_news", take_alone)
    first, second = all_at_once(Intake(TERMS), [(good, "good"), (bad, "bad")])
    assert isinstance(first, Taken)
    assert isinstance(second, ValueError)
    assert again(good.order).state is OrderState.PAID
    assert again(bad.order).state is OrderState.CREATED


def test_an_odd_notice_costs_its_neighbours_nothing(database: Settings) -> None:
    odd, *honest = [a_payment(an_order()) for _ in range(10)]
    intake = Intake(TERMS)
    answers: list[Taken | Exception] = []
    start = threading.Barrier(11)

    def handle(payment: Payment, **changes: Any) -> None:
        start.wait()
        try:
            answers.append(
                intake.take(news_of(payment, **changes), a_notice(payment, payment.gateway_payment_id))
            )
        except Exception as error:
            answers.append(error)

    threads = [threading.Thread(target=handle, args=(payment,)) for payment in honest]
    too_much = {"actually_paid": Decimal("1e30")}  # more than the column holds
    threads += [threading.Thread(target=handle, args=(odd,), kwargs=too_much) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(again(payment.order).state is OrderState.PAID for payment in honest)
    assert sum(isinstance(answer, Taken) for answer in answers) == 9


def test_a_locked_order_turns_no_notice_away(database: Settings) -> None:
    """Its own notice is kept and runs again; those of others do not even wait."""
    locked, *free = [a_payment(an_order()) for _ in range(6)]
    other = psycopg2.connect(database.database_url.get_secret_value())
    other.cursor().execute("SELECT 1 FROM orders WHERE id = %s FOR UPDATE", (str(locked.order_id),))
    intake = Intake(TERMS)
    with ThreadPoolExecutor(1) as aside:
        held = aside.submit(intake.take, news_of(locked), a_notice(locked, "held"))
        for payment in free:
            assert (
                intake.take(news_of(payment), a_notice(payment, payment.gateway_payment_id)).dst
                is OrderState.PAID
            )
        assert held.result().outcome == "locked"
    other.close()
    assert again(locked.order).state is OrderState.CREATED
    assert Notice.get(Notice.digest == "held").outcome == "locked"
    assert [run.notice.digest for run in Replay.select()] == ["held"]


def test_an_order_that_is_locked_for_a_moment_is_waited_for(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment, looks = a_payment(an_order()), list[object]()
    other = psycopg2.connect(database.database_url.get_secret_value())
    other.cursor().execute("UPDATE orders SET email = email WHERE id = %s", (str(payment.order_id),))

    def look(batch: Any, terms: Terms) -> list[Taken | Later]:
        looks.append(batch)
        if len(looks) == 2:
            other.close()
        return take_batch(batch, terms)

    monkeypatch.setattr(module, "take_batch", look)
    monkeypatch.setattr(module, "LOCK_SECONDS", 60)
    assert Intake(TERMS).take(news_of(payment), a_notice(payment, "d")).dst is OrderState.PAID
    assert len(looks) >= 2


def test_when_the_database_is_away_every_handler_hears_it(settings: Settings) -> None:
    base.connect_url("postgresql://nobody@127.0.0.1:9/nothing", max_connections=2, application="test")
    notice = db.NewNotice(uuid.uuid4(), "nowpayments", "e", None, "d", "p", b"", b"", 0, "")
    news = PaymentNews("1", PaymentState.FINISHED)
    with pytest.raises(OperationalError):
        Intake(TERMS).take(news, notice)
    base.dispose()


def test_a_handler_does_not_wait_for_ever(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = a_payment(an_order())
    release = threading.Event()
    monkeypatch.setattr(module, "NOTICE_SECONDS", 0.2)
    monkeypatch.setattr(
        module, "take_batch", lambda batch, terms: release.wait(10) and [Later.LOCKED] * len(batch)
    )
    with pytest.raises(OperationalError, match="in time"):
        Intake(TERMS).take(news_of(payment), a_notice(payment, "d"))
    release.set()


def test_a_long_queue_turns_nobody_away(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last waits longer than the database may take for one commit."""
    payments = [a_payment(an_order()) for _ in range(12)]
    passed = [0.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: passed[0]))
    monkeypatch.setattr(module, "NOTICE_SECONDS", 0.02)  # all look again and again
    monkeypatch.setattr(module, "MOST", 1)

    def slow(batch: Any, terms: Terms) -> list[Taken | Later]:
        threading.Event().wait(0.05)
        passed[0] += 0.015
        return take_batch(batch, terms)

    monkeypatch.setattr(module, "take_batch", slow)
    answers = all_at_once(Intake(TERMS), [(payment, payment.gateway_payment_id) for payment in payments])
    assert [taken.outcome for taken in answers if isinstance(taken, Taken)] == ["moved"] * 12


def test_who_waits_behind_a_database_that_is_away_hears_it_at_once(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    payments = [a_payment(an_order()) for _ in range(8)]
    monkeypatch.setattr(module, "MOST", 1)
    tried, intake = [], Intake(TERMS)

    def away(batch: Any, terms: Terms) -> list[Taken | Later]:
        tried.append(batch)
        until(lambda: len(tried) > 1 or intake._waiting.qsize() == 7, what="the others, behind it")
        raise OperationalError("away")

    monkeypatch.setattr(module, "take_batch", away)
    answers = all_at_once(intake, [(payment, payment.gateway_payment_id) for payment in payments])
    assert [type(answer) for answer in answers] == [OperationalError] * 8
    assert len(tried) == 1
