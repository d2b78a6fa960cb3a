"""Our account is refused: orders are parked, one bell rings, one call probes, and all go on by themselves."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import redis
import requests

from actors import blocks, workshop
from actors.reserve import reserve
from bitloot.errors import Blocked
from bitloot.settings import Settings
from bitloot.shop import Shop
from bitloot.states import OrderState, PurchaseState
from db import Order, base, purchases_of
from db.blocks import Block, open_blocks
from tests.actors.conftest import PaidOrder, Queued
from tests.factories import again, intend
from tests.waiting import until
from web.standins.server import RunningStandins

#: Seconds between probes in these tests.
PAUSE = 0.4


class Heard:
    """What the bell is asked to tell."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, event: str | None = None, data: Any = None) -> None:
        if event is not None:
            self.events.append((event, dict(data)))


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    told = Heard()
    monkeypatch.setattr("actors.bell.ring", told)
    return told


@pytest.fixture
def open_house(standin_settings: Settings, shop: Shop) -> Shop:
    """The shop as a worker opens it."""
    opened = workshop.shared_shop(standin_settings.model_copy(update={"blocked_pause": PAUSE}))
    workshop.use(opened)
    return opened


def set_balance(standins: RunningStandins, balance: str) -> None:
    answer = requests.post(f"{standins.control_url}/kinguin/balance", json={"balance": balance}, timeout=10)
    assert answer.ok, answer.text


def test_an_empty_balance_parks_all_rings_once_and_all_resume(
    open_house: Shop, standins: RunningStandins, paid_order: PaidOrder, heard: Heard
) -> None:
    set_balance(standins, "0")
    orders = [paid_order(("orbit-drifters", 1)) for _ in range(4)]
    for order in orders:
        reserve(str(order.id))
    assert {again(order).hold for order in orders} == {"supplier: insufficient_balance"}
    assert all(again(order).state is OrderState.PAID for order in orders)
    assert open_blocks() == {"kinguin": "insufficient_balance"}
    assert [event for event, _ in heard.events] == ["admin:provider-blocked"]
    # the first order asked; the others neither called nor moved
    states = [purchases_of(order)[0].state for order in orders]
    assert states == [PurchaseState.BLOCKED, *[PurchaseState.INTENT] * 3]
    assert blocks.review(open_house) == []

    set_balance(standins, "1000000")
    gate = open_house.turnstiles["kinguin"]
    until(lambda: gate.refusal() is None, what="the time of the probe")
    for order in orders:
        reserve(str(order.id))
    assert all(again(order).state is OrderState.WAITING for order in orders)
    assert all(again(order).hold is None for order in orders)
    assert blocks.review(open_house) == ["kinguin"]
    assert blocks.review(open_house) == []
    assert [event for event, _ in heard.events] == ["admin:provider-blocked", "admin:provider-freed"]


def test_while_it_lasts_each_pause_costs_one_call(
    open_house: Shop, standins: RunningStandins, paid_order: PaidOrder, heard: Heard
) -> None:
    set_balance(standins, "0")
    orders = [paid_order(("orbit-drifters", 1)) for _ in range(3)]
    for order in orders:
        reserve(str(order.id))
    gate = open_house.turnstiles["kinguin"]
    until(lambda: gate.refusal() is None, what="the time of the probe")
    before = [attempts(order) for order in orders]
    for order in orders:
        reserve(str(order.id))
    assert sum(attempts(order) for order in orders) - sum(before) == 1
    assert [event for event, _ in heard.events] == ["admin:provider-blocked"]
    assert Block.select().count() == 1


def test_what_is_bought_already_goes_on(open_house: Shop, paid_order: PaidOrder, heard: Heard) -> None:
    order = paid_order(("orbit-drifters", 1))
    (purchase,) = intend(order)
    purchase.start_call(PurchaseState.SENDING, 60)
    purchase.advance(PurchaseState.PLACED, supplier_ref="SUP-1", lease_until=None)
    open_house.turnstiles["kinguin"].report("POST", 400, Blocked("no", code="insufficient_balance"))
    reserve(str(order.id))
    assert again(order).state is OrderState.WAITING


def test_nobody_waits_for_the_pace_inside_a_transaction(
    standin_settings: Settings, shop: Shop, paid_order: PaidOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[bool] = []
    monkeypatch.setattr("bitloot.turnstile.time.sleep", lambda seconds: waited.append(base.in_transaction()))
    paced = standin_settings.model_copy(update={"kinguin_writes_per_minute": 120.0})  # one each half second
    orders = [paid_order(("orbit-drifters", 1)) for _ in range(3)]
    workshop.use(workshop.shared_shop(paced))
    for order in orders:
        reserve(str(order.id))
    assert all(again(order).state is OrderState.WAITING for order in orders)
    assert waited
    assert not any(waited)


def test_orders_beyond_the_pace_rest_by_their_rows(
    standin_settings: Settings, shop: Shop, paid_order: PaidOrder, queued: Queued
) -> None:
    slow = standin_settings.model_copy(update={"kinguin_writes_per_minute": 1.0})
    orders = [paid_order(("orbit-drifters", 1)) for _ in range(2)]
    workshop.use(workshop.shared_shop(slow))
    for order in orders:
        reserve(str(order.id))
    assert [again(order).state for order in orders] == [OrderState.WAITING, OrderState.PAID]
    (purchase,) = purchases_of(orders[1])
    assert purchase.state is PurchaseState.INTENT
    found = base.rows("SELECT extract(epoch FROM due_at - now()) FROM orders WHERE id = %s", orders[1].id)
    assert 50 < float(found[0][0]) <= 60
    assert queued(reserve) == []


def attempts(order: Order) -> int:
    return purchases_of(order)[0].attempt


def test_many_workers_ring_once(database: Settings, heard: Heard) -> None:
    barrier = threading.Barrier(6)

    def worker() -> None:
        barrier.wait(10)
        blocks.ring("kinguin", "unauthorized")

    threads = [threading.Thread(target=worker) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert heard.events == [("admin:provider-blocked", {"provider": "kinguin", "code": "unauthorized"})]


def test_redis_that_forgets_does_not_ring_again_while_it_lasts(
    open_house: Shop, heard: Heard, redis_url: str
) -> None:
    gate = open_house.turnstiles["kinguin"]
    for _ in range(2):
        gate.report("GET", 401, Blocked("no", code="unauthorized"))
        redis.Redis.from_url(redis_url).flushdb()
    assert [event for event, _ in heard.events] == ["admin:provider-blocked"]


def test_a_bell_that_cannot_be_written_does_not_break_the_call(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> bool:
        raise OSError

    monkeypatch.setattr(blocks, "open_block", away)
    blocks.ring("kinguin", "unauthorized")
    assert heard.events == []


def test_a_provider_that_the_shop_no_longer_has_is_not_blocked(open_house: Shop, heard: Heard) -> None:
    blocks.ring("a former supplier", "unauthorized")
    assert blocks.review(open_house) == ["a former supplier"]
