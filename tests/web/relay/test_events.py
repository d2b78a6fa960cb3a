"""Events as they go over the wire."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta, timezone

import pytest

from bitloot.states import OrderState
from db.journal import Cursor, JournalMove
from web.relay import cursors, events

ORDER = uuid.uuid4()
MOVE = JournalMove(
    Cursor(str(uuid.uuid4()), 7, 9),
    ORDER,
    3,
    "paid",
    "review",
    "reserve",
    "the gateway took its word back",
    {"actually_paid": "0.1"},
    datetime(2026, 1, 2, 3, 4, 5, 600, timezone(timedelta(hours=2))),
)


@pytest.mark.parametrize("state", OrderState)
def test_every_state_has_the_event_name_of_the_design(state: OrderState) -> None:
    names = {
        "paid": "payment:confirmed",
        "waiting": "fulfillment:reserved",
        "failed": "fulfillment:error",
        "review": "fulfillment:error",
    }
    assert events.event_type(str(state)) == names.get(state, "fulfillment:status")


def test_a_move_is_told_to_a_buyer_without_reason_and_figures() -> None:
    assert json.loads(events.moved(MOVE, admin=False)) == {
        "type": "fulfillment:error",
        "id": f"{ORDER}:3",
        "cursor": cursors.write(MOVE.cursor),
        "order": str(ORDER),
        "seq": 3,
        "at": "2026-01-02T01:04:05.000600+00:00",
        "data": {"src": "paid", "dst": "review"},
    }


def test_a_move_is_told_to_an_admin_whole() -> None:
    assert json.loads(events.moved(MOVE, admin=True))["data"] == {
        "src": "paid",
        "dst": "review",
        "actor": "reserve",
        "reason": "the gateway took its word back",
        "data": {"actually_paid": "0.1"},
    }


def test_telemetry_has_the_same_fields_and_no_place_in_the_journal() -> None:
    told = json.loads(events.telemetry("admin:job-failed", {"order": str(ORDER), "actor": "reserve"}))
    assert set(told) == set(json.loads(events.moved(MOVE, admin=True)))
    assert (told["order"], told["cursor"], told["id"], told["seq"]) == (str(ORDER), None, None, None)
