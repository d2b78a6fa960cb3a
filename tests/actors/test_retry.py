"""A dead job runs again once, or says why not."""

from __future__ import annotations

import uuid

import pytest

from actors.check_payment import check_payment
from actors.notify import notify
from actors.replay import replay
from actors.reserve import reserve
from actors.retry import RetryRefused, retry_job
from bitloot.errors import Retryable
from bitloot.shop import Shop
from bitloot.states import OrderState, PurchaseState
from db import Job, base
from db.jobs import job_facts
from db.replays import MOST_ATTEMPTS, ask_replays, claim_replays
from tests.actors.conftest import Queued
from tests.db.test_jobs import dies
from tests.db.test_replays import notices
from tests.factories import a_paid_order, a_payment, a_waiting_order, an_order, intend


def refusal(job: Job) -> str:
    """The code that the retry is refused with; the job must not have changed."""
    before = Job.get_by_id(job.id).__data__
    with pytest.raises(RetryRefused) as caught:
        retry_job(job.id, by="admin:olga", reason="try it")
    assert Job.get_by_id(job.id).__data__ == before
    assert str(caught.value)
    return caught.value.code


def test_it_is_sent_once_with_who_and_why(shop: Shop, queued: Queued) -> None:
    order = a_paid_order()
    job = dies(str(order.id))
    assert retry_job(job.id, by="admin:olga", reason="the price is right now").actor == "reserve"
    found = Job.get_by_id(job.id)
    assert (found.state, found.retried_by, found.retry_reason) == (
        "retried",
        "admin:olga",
        "the price is right now",
    )
    assert refusal(job) == "job_already_retried"
    assert queued(reserve) == [str(order.id)]


def test_what_is_no_orders_step_may_run_again(shop: Shop, queued: Queued) -> None:
    payment = a_payment(an_order())
    retry_job(dies(str(payment.id), "check_payment").id, by="x", reason="y")
    retry_job(dies("notice-1", "replay").id, by="x", reason="y")
    assert (queued(check_payment), queued(replay)) == ([str(payment.id)], ["notice-1"])


def test_an_unknown_job_is_not_found(shop: Shop) -> None:
    with pytest.raises(RetryRefused) as caught:
        retry_job(uuid.uuid4(), by="x", reason="y")
    assert caught.value.code == "not_found"


def test_an_order_that_is_over_is_left_alone(shop: Shop, queued: Queued) -> None:
    order = a_paid_order()
    job = dies(str(order.id))
    order.advance(OrderState.REFUND_DUE, actor="test")
    order.advance(OrderState.REFUNDED, actor="test")
    assert refusal(job) == "order_over"
    assert queued(reserve) == []


def test_an_order_that_went_on_needs_nothing_of_this_step(shop: Shop, queued: Queued) -> None:
    order, _ = a_waiting_order()
    assert refusal(dies(str(order.id))) == "order_gone_on"
    assert refusal(dies(str(order.id), "notify")) == "order_gone_on"
    assert (queued(reserve), queued(notify)) == ([], [])


def test_what_a_person_must_settle_is_not_retried(shop: Shop, queued: Queued) -> None:
    order = a_paid_order()
    (purchase,) = intend(order)
    purchase.advance(PurchaseState.MANUAL)
    assert refusal(dies(str(order.id))) == "purchase_manual"
    assert queued(reserve) == []


def test_an_actor_that_is_no_more_is_named(shop: Shop) -> None:
    assert refusal(dies("1", "a_former_step")) == "unknown_actor"
    assert refusal(dies(str(uuid.uuid4()))) == "order_unknown"


def test_when_the_queue_is_away_the_job_stays_dead(shop: Shop) -> None:
    job = dies(str(a_paid_order().id))

    def away(*_: object) -> None:
        raise OSError

    with pytest.raises(Retryable) as caught:
        retry_job(job.id, by="x", reason="y", send=away)
    assert caught.value.code == "queue_away"
    assert Job.get_by_id(job.id).state == "dead"


def test_two_operators_at_once_send_it_once(
    shop: Shop, queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both read the job before either took it."""
    order = a_paid_order()
    job = dies(str(order.id))
    seen = job_facts(job.id)
    monkeypatch.setattr("actors.retry.job_facts", lambda _: seen)
    retry_job(job.id, by="admin:olga", reason="mine")
    assert refusal(job) == "job_already_retried"
    assert queued(reserve) == [str(order.id)]


def test_it_is_sent_after_the_commit(shop: Shop) -> None:
    job = dies(str(a_paid_order().id))
    seen: list[tuple[bool, str]] = []

    def look(*_: object) -> None:
        seen.append((base.in_transaction(), Job.get_by_id(job.id).state))

    retry_job(job.id, by="x", reason="y", send=look)
    assert seen == [(False, "retried")]


def test_a_replay_whose_message_is_lost_is_found_by_its_row(shop: Shop) -> None:
    """The edge posts its messages and does not wait; what was claimed too often nobody else would bring back."""
    [notice_id] = notices(1)
    [due] = ask_replays([notice_id], actor="olga", reason="why", rate=1)
    base.rows("UPDATE replays SET attempts = %s, due_at = now() RETURNING id", MOST_ATTEMPTS)
    assert claim_replays(10, grace=0, window=1) == []
    retry_job(dies(str(due.replay_id), "replay").id, by="x", reason="y", send=lambda *_: None)
    assert [one.replay_id for one in claim_replays(10, grace=0, window=60)] == [due.replay_id]
