"""Dead jobs listed, read and sent again."""

from __future__ import annotations

import uuid

from falcon.testing import TestClient

from actors import courier
from actors.reserve import reserve
from bitloot.shop import Shop
from bitloot.states import OrderState
from db import AccessRecord, Job
from tests.db.test_jobs import dies
from tests.factories import a_paid_order
from tests.web.cast import admin
from tests.web.conftest import waiting_messages

REASON = {"reason": "the supplier is well again"}


def test_jobs_are_listed_and_filtered(client: TestClient, shop: Shop) -> None:
    order = a_paid_order()
    older, newer = dies(str(order.id)), dies("2", "replay")
    found = client.simulate_get("/admin/jobs", headers=admin(shop, "read-only")).json
    assert [row["id"] for row in found["data"]] == [str(newer.id), str(older.id)]
    (row,) = client.simulate_get(
        f"/admin/jobs?orderId={order.id}&state=dead&actor=reserve", headers=admin(shop)
    ).json["data"]
    assert (row["orderState"], row["goneOn"], row["attempts"], row["errorClass"]) == (
        "paid",
        False,
        6,
        "Retryable",
    )
    assert "traceback" not in row
    assert client.simulate_get("/admin/jobs?state=lost", headers=admin(shop)).status_code == 422


def test_one_job_tells_where_it_died(client: TestClient, shop: Shop) -> None:
    job = dies()
    seen = client.simulate_get(f"/admin/jobs/{job.id}", headers=admin(shop, "read-only"))
    assert (seen.status_code, seen.json["traceback"]) == (200, "a.py:1 in f")
    assert client.simulate_get(f"/admin/jobs/{uuid.uuid4()}", headers=admin(shop)).status_code == 404


def test_a_retry_is_recorded_and_sent_once(client: TestClient, shop: Shop) -> None:
    order = a_paid_order()
    job = dies(str(order.id))
    path = f"/admin/jobs/{job.id}/retry"
    answer = client.simulate_post(path, headers=admin(shop, "operator"), json=REASON)
    assert (answer.status_code, answer.json) == (
        202,
        {"jobId": str(job.id), "actor": "reserve", "queued": True},
    )
    again = client.simulate_post(path, headers=admin(shop), json=REASON)
    assert (again.status_code, again.json["code"]) == (409, "job_already_retried")
    (record,) = AccessRecord.select()
    assert (record.action, record.actor, record.order) == ("job_retry", "admin:olga", order)
    found = Job.get_by_id(job.id)
    assert (found.retried_by, found.retry_reason) == ("admin:olga", REASON["reason"])
    courier.stop()
    assert waiting_messages(shop, reserve) == [str(order.id)]


def test_a_retry_that_may_not_run_says_why_and_changes_nothing(client: TestClient, shop: Shop) -> None:
    order = a_paid_order()
    job = dies(str(order.id))
    order.advance(OrderState.FAILED, actor="test")
    answer = client.simulate_post(f"/admin/jobs/{job.id}/retry", headers=admin(shop), json=REASON)
    assert (answer.status_code, answer.json["code"]) == (409, "order_gone_on")
    assert answer.headers["content-type"] == "application/problem+json"
    assert "failed" in answer.json["detail"]
    courier.stop()
    assert waiting_messages(shop, reserve) == []
    assert (Job.get_by_id(job.id).state, AccessRecord.select().count()) == ("dead", 0)


def test_a_retry_needs_a_job_a_reason_and_the_right(client: TestClient, shop: Shop) -> None:
    job = dies(str(a_paid_order().id))
    for job_id, body, role, status in (
        (job.id, {}, "operator", 422),
        (uuid.uuid4(), REASON, "operator", 404),
        (job.id, REASON, "read-only", 403),
    ):
        path = f"/admin/jobs/{job_id}/retry"
        assert client.simulate_post(path, headers=admin(shop, role), json=body).status_code == status
    assert Job.get_by_id(job.id).state == "dead"
