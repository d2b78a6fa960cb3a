"""Figures over many orders: percentiles with the misses among them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bitloot.settings import Settings
from bitloot.states import OrderState
from db import Order, base
from db.kpi import CHOSEN, MOST_DAYS, PHASES, Kpi, measure
from tests.factories import a_paid_order, an_order
from tests.timeline import finished, stamp, stamp_purchase

DAY = datetime(2026, 11, 20, tzinfo=UTC)


def delivered_after(seconds: float, paid: datetime = DAY) -> Order:
    """A second of it is the supplier's, in one call that delivers at once."""
    order, [purchase] = finished(revealed=False)
    stamp(order, paid, intent=0.1, ready=1.2, fulfilled=seconds, mailed=seconds + 0.5)
    steps = (("intent", 0.1), ("sending", 0.2), ("placed", 1.2), ("waiting", 1.2), ("stored", seconds))
    stamp_purchase(purchase, paid, *steps)
    return order


def missed(paid: datetime = DAY) -> Order:
    order = a_paid_order()
    stamp(order, paid)
    return order


def day() -> Kpi:
    return measure(DAY, DAY + timedelta(days=1))


def test_orders_that_were_never_delivered_count_among_the_slowest(database: Settings) -> None:
    """19 delivered and one missed: p95 is the slowest that was delivered. 18 and two: it is not reached."""
    for number in range(18):
        delivered_after(2 + number)
    missed()
    slowest = delivered_after(40)
    kpi = day()
    assert (kpi.orders, kpi.missed) == (20, 1)
    assert kpi.total.p50 == pytest.approx(11)
    assert kpi.total.p95 == pytest.approx(40)
    base.rows("DELETE FROM moves WHERE order_id = %s AND dst = 'fulfilled' RETURNING 1", slowest.id)
    kpi = day()
    assert (kpi.missed, kpi.total.ended, kpi.total.p95) == (2, 18, None)
    assert kpi.total.p50 == pytest.approx(11)


def test_ours_and_the_suppliers_are_told_apart(database: Settings) -> None:
    delivered_after(3)
    kpi = day()
    assert kpi.supplier.p50 == pytest.approx(1.0)
    assert kpi.ours.p50 == pytest.approx(2.0)


def test_every_phase_has_its_figures_in_the_order_of_the_way(database: Settings) -> None:
    delivered_after(3)
    missed()
    kpi = day()
    assert [phase.name for phase in kpi.phases] == [name for name, *_ in PHASES]
    told = {phase.name: phase.figures for phase in kpi.phases}
    assert (told["intent"].orders, told["intent"].ended, told["intent"].p95) == (2, 1, None)
    assert told["intent"].p50 == pytest.approx(0.1)
    assert told["accepted"].orders == 1
    assert told["accepted"].p95 == pytest.approx(1.1)
    assert told["sealed"].p95 == pytest.approx(1.8)
    assert told["mailed"].p95 == pytest.approx(0.5)
    assert (told["first reveal"].orders, told["first reveal"].ended, told["first reveal"].p50) == (1, 0, None)


def test_shares_count_what_was_delivered_so_soon(database: Settings) -> None:
    for seconds in (5, 10, 59, 61, 400):
        delivered_after(seconds)
    missed()
    assert dict(day().within) == {10: 2, 60: 3, 300: 4}


def test_states_are_those_of_the_same_orders(database: Settings) -> None:
    delivered_after(3)
    missed()
    missed().advance(OrderState.FAILED, actor="test")
    an_order()
    assert dict(day().states) == {"failed": 1, "fulfilled": 1, "paid": 1}


def test_an_order_belongs_to_the_time_of_its_first_payment(database: Settings) -> None:
    order = missed(DAY - timedelta(hours=1))
    order.advance(OrderState.FAILED, actor="test")
    order.advance(OrderState.PAID, actor="test")
    again = "UPDATE moves SET at = %s WHERE order_id = %s AND dst = 'paid' AND src = 'failed' RETURNING 1"
    base.rows(again, DAY + timedelta(hours=1), order.id)
    missed(DAY + timedelta(days=1))
    assert day().orders == 0
    assert measure(DAY - timedelta(days=1), DAY).orders == 1


def test_a_shop_without_orders_has_figures_too(database: Settings) -> None:
    kpi = day()
    assert (kpi.orders, kpi.missed, kpi.total.p50, dict(kpi.states)) == (0, 0, None, {})
    assert len(kpi.phases) == len(PHASES)


@pytest.mark.parametrize("length", [timedelta(0), timedelta(days=-1), timedelta(days=MOST_DAYS, seconds=1)])
def test_the_time_is_bounded(database: Settings, length: timedelta) -> None:
    with pytest.raises(ValueError, match="at most"):
        measure(DAY, DAY + length)


def test_the_question_goes_by_an_index(database: Settings) -> None:
    base.rows("SELECT set_config('enable_seqscan', 'off', false)")
    told = base.rows(f"EXPLAIN WITH {CHOSEN} SELECT * FROM chosen", DAY, DAY + timedelta(days=7))
    assert "moves_paid_at" in str(told)
