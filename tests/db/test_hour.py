"""What the last hour brought."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bitloot.settings import Settings
from bitloot.states import OrderState
from db import base
from db.hour import Heard, connections, key_times, notices_heard, purchases_made
from tests.factories import a_paid_order

NOTICE = """
    INSERT INTO notices (id, source, event, digest, proof, outcome, data_key, body, size, address, repeats, replays,
                         received_at, seen_at, verdict, told_at)
    VALUES (gen_random_uuid(), 'kinguin', 'order.status', %s, 'secret', 'matched', '', '', 0, '', 0, 0,
            %s, %s, 'verified', %s)
    RETURNING id
"""


def heard(digest: str, age: timedelta, lag: float | None) -> None:
    at = datetime.now(UTC) - age
    base.rows(NOTICE, digest, at, at, None if lag is None else at - timedelta(seconds=lag))


def test_notices_of_the_hour_are_counted_with_how_late_they_came(database: Settings) -> None:
    heard("a", timedelta(minutes=1), 4.0)
    heard("b", timedelta(minutes=2), None)
    heard("c", timedelta(hours=2), 900.0)
    [found] = notices_heard(["kinguin", "nowpayments"])
    assert replace(found, lag=None) == Heard("kinguin", "verified", 2, None)
    assert found.lag == pytest.approx(4.0)


def test_times_are_of_orders_paid_within_the_hour(database: Settings) -> None:
    assert (key_times().orders, key_times().p50) == (0, None)
    order = a_paid_order()
    for state in (OrderState.WAITING, OrderState.READY, OrderState.FULFILLED):
        assert order.advance(state, actor="test")
    base.rows("UPDATE moves SET at = at - interval '30 seconds' WHERE dst = 'paid' RETURNING id")
    found = key_times()
    assert found.orders == 1
    assert found.p50 == found.p95 == pytest.approx(30, abs=5)


def test_purchases_are_counted_by_their_state(database: Settings) -> None:
    assert purchases_made(["kinguin"]) == {}


def test_our_own_connections_are_counted(database: Settings) -> None:
    base.configure(database, application="bitloot tests")
    with base.scope():
        assert [item.count for item in connections() if item.application == "bitloot tests"] == [1]
