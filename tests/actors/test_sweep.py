"""sweep: whatever stands still is found by its row, and its step sent again."""

from __future__ import annotations

import pytest

from actors.check_payment import check_payment
from actors.sweep import STEP, sweep, sweep_once
from bitloot.shop import Shop
from bitloot.states import ACTIVE, OrderState
from db import Payment, base
from tests.actors.conftest import Queued, valkey
from tests.factories import a_paid_order, a_payment, an_order

ROAD = [OrderState.PAID, OrderState.WAITING, OrderState.READY, OrderState.FULFILLED]


def test_every_state_in_which_something_is_due_has_a_step() -> None:
    assert set(STEP) == set(ACTIVE)


@pytest.mark.parametrize("state", ROAD)
def test_an_order_that_stands_still_gets_its_step(shop: Shop, queued: Queued, state: OrderState) -> None:
    order = a_paid_order()
    for onward in ROAD[1 : ROAD.index(state) + 1]:
        order.advance(onward, actor="test")
    sweep()
    assert queued(STEP[state]) == []  # it moved a moment ago: not stuck
    order.look_again(0)
    sweep()
    assert queued(STEP[state]) == [str(order.id)]


def test_what_redis_lost_comes_back(shop: Shop, queued: Queued) -> None:
    order = a_paid_order()
    STEP[OrderState.PAID].send(str(order.id))
    valkey().flushdb()
    base.rows("UPDATE orders SET due_at = now() RETURNING id")
    sweep()
    assert queued(STEP[OrderState.PAID]) == [str(order.id)]


def test_two_sweeps_send_once(shop: Shop, queued: Queued) -> None:
    order = a_paid_order()
    order.look_again(0)
    assert [sweep_once(), sweep_once()] == [{"reserve": 1}, {}]
    assert queued(STEP[OrderState.PAID]) == [str(order.id)]


def test_orders_that_wait_for_people_or_money_are_left_alone(shop: Shop, queued: Queued) -> None:
    an_order()
    order = a_paid_order()
    order.advance(OrderState.FAILED, actor="test")
    base.rows("UPDATE payments SET poll_at = NULL RETURNING id")
    assert sweep_once() == {}


def test_open_payments_are_asked_about(shop: Shop, queued: Queued) -> None:
    payment = a_payment(an_order())
    assert sweep_once() == {}
    base.rows("UPDATE payments SET poll_at = now() RETURNING id")
    assert sweep_once() == {"check_payment": 1}
    assert queued(check_payment) == [str(payment.id)]
    assert Payment.get().poll_at is not None


def test_a_batch_is_bounded(shop: Shop, queued: Queued) -> None:
    for _ in range(3):
        a_paid_order().look_again(0)
    object.__setattr__(shop, "settings", shop.settings.model_copy(update={"sweep_batch": 2}))
    assert sweep_once() == {"reserve": 2}
    assert sweep_once() == {"reserve": 1}
