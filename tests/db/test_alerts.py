"""Alerts: each matter is raised once, told again while it lasts, and ends with it."""

from __future__ import annotations

import db
from bitloot.settings import Settings
from db import base
from db.alerts import Alert, Matter, claim_alerts, gather_alerts, told
from db.blocks import close_block, open_block
from db.cases import open_case
from tests.factories import an_order


def bury(actor: str) -> None:
    db.bury(
        actor=actor,
        subject_id="s",
        message_id=f"m-{actor}",
        attempts=1,
        error_class="Permanent",
        error="",
        traceback="",
    )


def test_everything_that_waits_for_a_person_is_a_matter(database: Settings) -> None:
    order = an_order()
    open_case(order.id, "paid", "stuck", {})
    open_case(order.id, "p", "underpaid", {})
    bury("reserve")
    open_block("kinguin", "unauthorized")
    assert gather_alerts([Matter("silence:kinguin", "quiet", "kinguin")], 10) == (5, 0)
    found = {(alert.kind, alert.about, alert.order_id) for alert in Alert.select()}
    assert found == {
        ("stuck", "paid", order.id),
        ("underpaid", "p", order.id),
        ("dead_job", "reserve Permanent", None),
        ("blocked", "kinguin unauthorized", None),
        ("quiet", "kinguin", None),
    }


def test_an_alert_that_cannot_be_told_is_no_matter_of_its_own(database: Settings) -> None:
    bury("alert")
    assert gather_alerts([], 10) == (0, 0)


def test_a_matter_is_told_once_and_again_only_after_the_pause(database: Settings) -> None:
    open_block("kinguin", "unauthorized")
    assert gather_alerts([], 10) == (1, 0)
    assert gather_alerts([], 10) == (0, 0)
    (alert_id,) = claim_alerts(10, lease=60)
    assert claim_alerts(10, lease=60) == []
    assert told(Alert.get_by_id(alert_id), repeat=3600)
    assert claim_alerts(10, lease=60) == []
    base.rows("UPDATE alerts SET due_at = due_at - interval '1 hour' RETURNING id")
    assert claim_alerts(10, lease=60) == [alert_id]


def test_two_who_tell_the_same_count_once(database: Settings) -> None:
    open_block("kinguin", "unauthorized")
    gather_alerts([], 10)
    alert = Alert.get()
    assert told(alert, repeat=60)
    assert not told(alert, repeat=60)


def test_what_ended_is_told_no_more_and_may_begin_anew(database: Settings) -> None:
    matter = Matter("silence:kinguin", "quiet", "kinguin")
    gather_alerts([matter], 10)
    assert gather_alerts([], 10) == (0, 1)
    assert claim_alerts(10, lease=60) == []
    assert gather_alerts([matter], 10) == (1, 0)
    assert len(claim_alerts(10, lease=60)) == 1
    open_block("kinguin", "unauthorized")
    gather_alerts([], 10)
    close_block("kinguin")
    assert gather_alerts([], 10) == (0, 1)
