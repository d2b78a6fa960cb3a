"""sweep: whatever stands still is found by its row, and its step sent again."""

from __future__ import annotations

import threading

import pytest
from peewee import InterfaceError, OperationalError

from actors.check_payment import check_payment
from actors.check_purchase import check_purchase
from actors.sweep import STEP, sweep, sweep_once
from bitloot.shop import Shop
from bitloot.states import ACTIVE, OrderState
from db import Case, Payment, base
from db.stuck import sweep_age
from tests.actors.conftest import Queued, valkey
from tests.factories import a_paid_order, a_payment, a_waiting_order, again, an_order

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


def test_one_state_full_of_poison_does_not_starve_the_others(shop: Shop, queued: Queued) -> None:
    for _ in range(4):
        a_paid_order().look_again(0)
    order, _ = a_waiting_order()
    order.look_again(0)
    object.__setattr__(shop, "settings", shop.settings.model_copy(update={"sweep_batch": 2}))
    assert sweep_once() == {"reserve": 2, "finalize": 1}


def test_sweeps_at_the_same_moment_send_each_order_once(shop: Shop, queued: Queued) -> None:
    """Several clocks: whoever comes second within the grace finds it taken."""
    orders = {str(a_paid_order().id) for _ in range(12)}
    base.rows("UPDATE orders SET due_at = now() RETURNING id")
    start, sent = threading.Barrier(4), list[int]()

    def run() -> None:
        with base.scope():
            start.wait()
            for _ in range(3):
                sent.append(sweep_once().get("reserve", 0))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sent) == 12
    found = queued(STEP[OrderState.PAID])
    assert len(found) == 12
    assert set(found) == orders


def test_a_part_that_fails_does_not_stop_the_others(
    shop: Shop, queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_paid_order().look_again(0)
    payment = a_payment(an_order())
    base.rows("UPDATE payments SET poll_at = now() WHERE id = %s RETURNING id", payment.id)
    base.rows("UPDATE beats SET at = now() - interval '1 hour' RETURNING name")

    def broken(*_: object) -> list[object]:
        raise RuntimeError("a bug")

    monkeypatch.setattr("actors.sweep.claim_due", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        sweep_once()
    assert queued(check_payment) == [str(payment.id)]
    assert sweep_age() > 3000  # no sweep went through


def test_a_connection_that_is_lost_under_one_part_is_not_the_next_ones(
    shop: Shop, queued: Queued, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = a_payment(an_order())
    base.rows("UPDATE payments SET poll_at = now() WHERE id = %s RETURNING id", payment.id)

    def cut(*_: object) -> list[object]:
        base.rows("SELECT pg_terminate_backend(pg_backend_pid())")
        return []

    monkeypatch.setattr("actors.sweep.claim_due", cut)
    with pytest.raises((OperationalError, InterfaceError)):
        sweep_once()
    assert queued(check_payment) == [str(payment.id)]


def test_a_sweep_that_went_through_is_told(shop: Shop) -> None:
    base.rows("UPDATE beats SET at = now() - interval '1 hour' RETURNING name")
    sweep_once()
    assert sweep_age() < 60


def test_many_polls_are_spaced_out(shop: Shop, queued: Queued) -> None:
    for _ in range(3):
        a_payment(an_order())
    base.rows("UPDATE payments SET poll_at = now() - interval '1 second' RETURNING id")
    assert sweep_once() == {"check_payment": 3}
    assert len(queued(check_payment)) == 1  # the others wait for their slot
    waiting = valkey().hlen(f"{shop.settings.queue_namespace}:{check_payment.queue_name}.DQ.msgs")
    assert waiting == 2


def test_a_purchase_of_a_dead_order_is_checked_and_that_of_a_live_one_wakes_it(
    shop: Shop, queued: Queued
) -> None:
    dead, [orphan] = a_waiting_order()
    live, _ = a_waiting_order()
    dead.advance(OrderState.FAILED, actor="test")
    live.look_again(3600)
    assert sweep_once() == {}
    base.rows("UPDATE purchases SET check_at = now() RETURNING id")
    assert sweep_once() == {"check_purchase": 1, "woken": 1}
    assert queued(check_purchase) == [str(orphan.id)]
    assert sweep_once() == {"finalize": 1}
    assert queued(STEP[OrderState.WAITING]) == [str(live.id)]


def test_an_order_that_nobody_paid_ends(shop: Shop) -> None:
    order = an_order()
    base.rows("UPDATE orders SET moved_at = now() - interval '8 days' RETURNING id")
    assert sweep_once() == {"expired": 1}
    assert again(order).state is OrderState.EXPIRED
    assert sweep_once() == {}


def test_an_order_that_stands_too_long_is_a_case_until_it_moves_on(shop: Shop) -> None:
    order = a_paid_order()
    base.rows("UPDATE orders SET moved_at = now() - interval '11 minutes' RETURNING id")
    assert sweep_once() == {"alarms": 1, "alert": 1}
    assert sweep_once() == {}
    assert (Case.get().kind, Case.get().state) == ("stuck", "open")
    again(order).advance(OrderState.FAILED, actor="test")
    assert sweep_once() == {}
    assert Case.get().resolution == "ended"


def test_an_order_whose_worker_died_is_sent_again_without_waiting_for_a_heartbeat(
    shop: Shop, queued: Queued
) -> None:
    """Its message sits in the dead worker's hands; only the row's time counts."""
    order = a_paid_order()
    STEP[OrderState.PAID].send(str(order.id))
    key = f"{shop.settings.queue_namespace}:reserve"
    valkey().sadd(f"{shop.settings.queue_namespace}:__acks__.dead.reserve", valkey().lpop(key))
    base.rows("UPDATE orders SET due_at = now() RETURNING id")
    assert sweep_once() == {"reserve": 1}
    assert queued(STEP[OrderState.PAID]) == [str(order.id)]
