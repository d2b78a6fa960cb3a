"""Totals by state, money that is held, and alarms that last."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bitloot.settings import Settings
from bitloot.states import OrderState
from db import Case, open_case
from db.alerts import Matter, gather_alerts
from db.dashboard import open_alarms, totals
from tests.factories import a_paid_order, an_order


def test_money_is_held_for_what_is_paid_and_not_delivered(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert totals().by_state() == {}
    an_order()
    a_paid_order()
    a_paid_order().advance(OrderState.FAILED, actor="test")
    assert totals().by_state() == {}  # counted a moment ago
    monkeypatch.setattr("db.dashboard.FRESH", -1.0)
    assert totals().by_state() == {"created": 1, "failed": 1, "paid": 1}
    assert totals().held() == {"eur": (Decimal("40.00"), 2)}


def test_alarms_that_last_are_told(database: Settings) -> None:
    gather_alerts([Matter("silence:kinguin", "silent", "kinguin")], 10)
    [alarm] = open_alarms(5)
    assert (alarm.kind, alarm.about, alarm.order_id) == ("silent", "kinguin", None)
    assert (alarm.case_id, alarm.job_id) == (None, None)
    gather_alerts([], 10)
    assert open_alarms(5) == []
    open_case(a_paid_order().id, "x", "late", {})
    gather_alerts([], 10)
    [alarm] = open_alarms(5)
    assert (alarm.case_id, alarm.job_id) == (Case.get().id, None)
