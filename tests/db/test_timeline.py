"""What happened around an order, in the order in which it did."""

from __future__ import annotations

import pytest

from bitloot.settings import Settings
from db import open_case, record_access
from db.timeline import timeline
from tests.db.test_jobs import dies
from tests.factories import a_waiting_order


def test_everything_is_on_one_line_of_time(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    order, _ = a_waiting_order()
    open_case(order.id, "x", "late", {"a": "1"})
    record_access(order.id, "reveal", actor="buyer", outcome="refused", address="", user_agent="")
    dies(str(order.id))
    found, cut = timeline(order.id)
    assert not cut
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert {one.kind for one in found} == {"move", "payment", "purchase", "case", "access", "job"}
    assert [one.title for one in found if one.kind == "move"] == [
        *("created", "created → paid", "paid → waiting")
    ]
    monkeypatch.setattr("db.timeline.MOST", 3)
    newest, cut = timeline(order.id)
    assert (newest, cut) == (found[-3:], True)
