"""Exactly the filtered set of dead jobs is sent again, counted first."""

from __future__ import annotations

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

PATH = "/admin/jobs/retry"


def test_what_the_filter_finds_is_counted_then_sent_once(client: TestClient, shop: Shop) -> None:
    good, gone = a_paid_order(), a_paid_order()
    jobs = [dies(str(good.id)), dies(str(gone.id))]
    dies("3", "replay")
    gone.advance(OrderState.FAILED, actor="test")
    asked = {"actor": "reserve", "reason": "the supplier is well again"}
    dry = client.simulate_post(PATH, json=asked | {"dryRun": True}, headers=admin(shop)).json
    assert (dry["done"], dry["count"], dry["sent"]) == (False, 2, 1)
    assert [(one["jobId"], one["code"]) for one in dry["jobs"]] == [
        (str(jobs[0].id), None),
        (str(jobs[1].id), "order_gone_on"),
    ]
    wrong = client.simulate_post(PATH, json=asked | {"expected": 3}, headers=admin(shop))
    assert (wrong.status_code, wrong.json["code"], wrong.json["count"]) == (409, "count_changed", 2)
    assert Job.select().where(Job.state == "retried").count() == 0
    headers = admin(shop) | {"Idempotency-Key": "once-and-no-more"}
    done = [client.simulate_post(PATH, json=asked | {"expected": 2}, headers=headers) for _ in range(2)]
    assert [one.json["sent"] for one in done] == [1, 1]
    courier.stop()
    assert waiting_messages(shop, reserve) == [str(good.id)]
    [record] = AccessRecord.select()
    assert (record.action, record.details["count"]) == ("job_retry_many", 2)
    assert client.simulate_post(PATH, json=asked, headers=admin(shop, "read-only")).status_code == 403
