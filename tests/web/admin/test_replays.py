"""Notices run again by an operator: one, or many that are counted first."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from falcon.testing import Result, TestClient

from actors import courier, replaying, workshop
from actors.replay import replay
from bitloot.shop import Shop
from bitloot.states import OrderState
from db import AccessRecord, Order, Replay, base
from db.expunge import expunge
from tests.web.admin.test_webhook_logs import notified
from tests.web.cast import admin, lost_news
from tests.web.conftest import waiting_messages

MANY = "/admin/webhook-logs/replay"


def ask(client: TestClient, shop: Shop, path: str, role: str = "operator", **body: Any) -> Result:
    return client.simulate_post(path, headers=admin(shop, role), json={"reason": "lost news"} | body)


def test_a_replay_is_recorded_and_sent(client: TestClient, shop: Shop) -> None:
    notice = notified(client, shop)
    answer = ask(client, shop, f"/admin/webhook-logs/{notice.id}/replay")
    run = Replay.get()
    expected = {"noticeId": str(notice.id), "replayId": str(run.id), "queued": True}
    assert (answer.status_code, answer.json) == (202, expected)
    assert (run.actor, run.reason, run.notice_id) == ("admin:olga", "lost news", notice.id)
    record = AccessRecord.get()
    assert (record.action, record.actor, record.order) == ("replay", "admin:olga", notice.order)
    assert record.details == {"notice": str(notice.id), "reason": "lost news"}
    courier.stop()
    assert waiting_messages(shop, replay) == [str(run.id)]
    seen = client.simulate_get(f"/admin/webhook-logs/{notice.id}", headers=admin(shop)).json
    assert [one["id"] for one in seen["runs"]] == [str(run.id)]


def test_a_replay_needs_a_notice_a_reason_and_the_right(client: TestClient, shop: Shop) -> None:
    notice = notified(client, shop)
    path = f"/admin/webhook-logs/{notice.id}/replay"
    assert ask(client, shop, f"/admin/webhook-logs/{uuid.uuid4()}/replay").status_code == 404
    assert ask(client, shop, path, reason="").status_code == 422
    for where in (path, MANY):
        assert ask(client, shop, where, role="read-only").status_code == 403
    assert AccessRecord.select().count() == Replay.select().count() == 0


def test_a_dry_run_tells_the_change_and_makes_none(client: TestClient, shop: Shop) -> None:
    done, lost = notified(client, shop), lost_news(shop)
    one = ask(client, shop, f"/admin/webhook-logs/{lost.id}/replay", dryRun=True).json["replays"][0]
    assert (one["outcome"], one["change"]) == ("moved", "created → paid")
    told = ask(client, shop, MANY, source="nowpayments", dryRun=True)
    assert (told.status_code, told.json["count"]) == (200, 2)
    first, second = told.json["replays"]
    assert (first["noticeId"], first["change"]) == (str(done.id), None)
    assert first["why"] == "the order is paid, and this moves it no further"
    assert (second["noticeId"], second["change"]) == (str(lost.id), "created → paid")
    assert AccessRecord.select().count() == Replay.select().count() == 0
    assert [order.seq for order in Order.select().order_by(Order.seq)] == [1, 2]


def test_many_run_only_when_they_were_counted(client: TestClient, shop: Shop) -> None:
    notified(client, shop)
    lost = lost_news(shop)
    for expected in (None, 1, 3):
        refusal = ask(client, shop, MANY, source="nowpayments", expected=expected)
        assert (refusal.status_code, refusal.json["code"]) == (409, "count_changed")
    assert Replay.select().count() == AccessRecord.select().count() == 0
    answer = ask(client, shop, MANY, source="nowpayments", expected=2)
    assert (answer.status_code, answer.json["count"]) == (202, 2)
    assert AccessRecord.get().details["filter"] == {"source": "nowpayments"}
    earlier, later = Replay.select().order_by(Replay.due_at)
    assert (later.notice_id, later.reason) == (lost.id, "lost news")
    assert (later.due_at - earlier.due_at).total_seconds() == pytest.approx(1 / shop.settings.replay_rate)
    workshop.use(shop)
    for run in (earlier, later):
        replay(str(run.id))
    assert [run.outcome for run in Replay.select().order_by(Replay.due_at)] == ["noted", "moved"]
    assert base.rows("SELECT count(*) FROM orders WHERE state = %s", str(OrderState.PAID)) == [(2,)]


def test_more_than_the_cap_never_run(client: TestClient, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "CAP", 1)
    notified(client, shop)
    notified(client, shop)
    told = ask(client, shop, MANY, event="finished", dryRun=True).json
    assert (told["count"], len(told["replays"])) == (2, 1)
    refusal = ask(client, shop, MANY, event="finished", expected=2)
    assert (refusal.status_code, refusal.json["code"]) == (409, "too_many")
    assert Replay.select().count() == 0


def test_a_notice_without_a_body_cannot_run_and_says_so(client: TestClient, shop: Shop) -> None:
    notice = notified(client, shop)
    expunge(notice.id)
    path = f"/admin/webhook-logs/{notice.id}/replay"
    told = ask(client, shop, path, dryRun=True).json["replays"][0]
    assert (told["outcome"], told["change"]) == ("expunged", None)
    refusal = ask(client, shop, path)
    assert (refusal.status_code, refusal.json["code"]) == (409, "expunged")
    assert [record.outcome for record in AccessRecord.select().order_by(AccessRecord.id)][-1] == "expunged"
