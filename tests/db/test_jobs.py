"""Dead jobs: one row for what is dead, texts cut, and one door back."""

from __future__ import annotations

import threading
import uuid
from typing import Any

from bitloot.settings import Settings
from bitloot.states import OrderState, PurchaseState
from db import Job, bury
from db.base import scope
from db.jobs import JOBS, claim_job, count_dead_jobs, job_facts, put_job_back
from tests.factories import a_paid_order, a_payment, a_waiting_order, an_order, intend


def dies(subject: str = "1", actor: str = "reserve", **changes: Any) -> Job:
    fields: dict[str, Any] = {
        "actor": actor,
        "subject_id": subject,
        "message_id": f"m-{uuid.uuid4()}",
        "attempts": 6,
        "error_class": "Retryable",
        "error": "away",
        "traceback": "a.py:1 in f",
    }
    bury(**(fields | changes))
    return Job.get(Job.actor == actor, Job.subject_id == subject, Job.state == "dead")


def test_a_job_is_buried_once_and_its_texts_are_cut(database: Settings) -> None:
    for _ in range(2):
        dies(message_id="m-1", error="x" * 1_000, traceback="y" * 10_000 + "end")
    job = Job.get()
    assert (job.actor, job.attempts, job.deaths, job.state, len(job.error)) == ("reserve", 6, 1, "dead", 500)
    assert job.traceback.endswith("end")
    assert len(job.traceback) == 8_000


def test_what_dies_again_is_one_row_that_counts(database: Settings) -> None:
    first = dies()
    again = dies(error="refused", attempts=1)
    assert (again.id, again.deaths, again.error, again.attempts) == (first.id, 2, "refused", 1)
    dies(actor="finalize")
    dies("2")
    assert count_dead_jobs() == {"reserve": 2, "finalize": 1}


def test_a_retried_job_that_dies_again_is_another_row(database: Settings) -> None:
    first = dies()
    assert claim_job(first.id, by="olga", reason="fixed")
    second = dies()
    assert (second.id != first.id, second.deaths, Job.select().count()) == (True, 1, 2)


def test_a_job_knows_its_order(database: Settings) -> None:
    order = an_order()
    payment = a_payment(order)
    assert dies(str(order.id)).order_id == order.id
    assert dies(str(payment.id), "check_payment").order_id == order.id
    assert dies(str(uuid.uuid4()), "replay").order_id is None
    assert dies("no id").order_id is None


def test_one_of_many_takes_a_job(database: Settings) -> None:
    job = dies()
    won: list[str] = []
    barrier = threading.Barrier(5)

    def take(name: str) -> None:
        barrier.wait(10)
        with scope():
            if claim_job(job.id, by=name, reason="mine"):
                won.append(name)

    threads = [threading.Thread(target=take, args=(f"w{number}",)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    facts = job_facts(job.id)
    assert facts is not None
    assert ([facts.retried_by], facts.retry_reason, facts.state) == (won, "mine", "retried")
    assert facts.retried_at is not None


def test_what_could_not_be_sent_is_dead_as_before(database: Settings) -> None:
    job = dies()
    assert not put_job_back(job.id)
    claim_job(job.id, by="olga", reason="fixed")
    assert put_job_back(job.id)
    facts = job_facts(job.id)
    assert facts is not None
    assert (facts.state, facts.retried_by, facts.retried_at) == ("dead", None, None)
    claim_job(job.id, by="olga", reason="fixed")
    dies()  # the same has died anew meanwhile: that row is the one to retry
    assert not put_job_back(job.id)


def test_a_job_whose_order_went_on_is_shown_as_such(database: Settings) -> None:
    order = a_paid_order()
    job = dies(str(order.id))
    before = job_facts(job.id)
    order.advance(OrderState.FAILED, actor="test")
    after = job_facts(job.id)
    assert before is not None
    assert after is not None
    assert [(facts.order_state, facts.gone_on) for facts in (before, after)] == [
        ("paid", False),
        ("failed", True),
    ]


def test_a_purchase_that_needs_a_person_shows(database: Settings) -> None:
    order = a_paid_order()
    job = dies(str(order.id))
    (purchase,) = intend(order)
    purchase.advance(PurchaseState.MANUAL)
    facts = job_facts(job.id)
    assert facts is not None
    assert facts.needs_person


def test_jobs_are_listed_by_what_is_asked(database: Settings) -> None:
    order, _ = a_waiting_order()
    older, newer = dies(str(order.id), "finalize"), dies("2")
    claim_job(newer.id, by="olga", reason="fixed")
    everything = JOBS.page({}, limit=10)
    assert ([job.id for job in everything.rows], everything.total) == ([newer.id, older.id], 2)
    for filters, found in (
        ({"state": "dead"}, [older.id]),
        ({"actor": "reserve", "state": None}, [newer.id]),
        ({"order_id": order.id}, [older.id]),
        ({"actor": "notify"}, []),
        ({"text": "AWAY", "error_class": "Retryable"}, [newer.id, older.id]),
        ({"retried_by": "olga", "subject_id": "2"}, [newer.id]),
    ):
        assert [job.id for job in JOBS.page(filters, limit=10).rows] == found
    assert [job.id for job in JOBS.page({}, page=2, limit=1).rows] == [older.id]
    assert job_facts(uuid.uuid4()) is None
