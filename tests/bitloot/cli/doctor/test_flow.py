"""Whether the shop moves."""

from __future__ import annotations

from bitloot.cli.doctor.flow import check_notices, check_orders, check_sweep
from bitloot.settings import Settings
from bitloot.states import OrderState
from db import base
from db.stuck import raise_alarms
from tests.factories import a_paid_order


def test_a_dead_clock_and_standing_orders_and_refused_senders_are_named(database: Settings) -> None:
    a_paid_order()
    base.rows("UPDATE orders SET moved_at = now() - interval '1 hour' RETURNING id")
    raise_alarms(OrderState.PAID, 60, 10)
    base.rows("UPDATE beats SET at = now() - interval '10 minutes' RETURNING name")
    base.rows("INSERT INTO refusals VALUES ('kinguin', 0, now(), 21) RETURNING slot")
    sweep, orders, notices = (check(database) for check in (check_sweep, check_orders, check_notices))
    assert notices.answer == "Refused within an hour: 21 of kinguin."
    assert notices.todo == "Compare the secret there and here."
    assert sweep.todo == "Do clock and workers run?"
    assert "Some stand too long: 1 paid" in orders.answer
    assert {said.state for said in (sweep, orders, notices)} == {"problem"}


def test_a_shop_at_rest_is_well(database: Settings) -> None:
    base.rows("UPDATE beats SET at = now() RETURNING name")
    assert {check(database).state for check in (check_sweep, check_orders, check_notices)} == {"ok"}
