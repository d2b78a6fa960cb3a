"""reserve: a paid order is bought, each line once, whatever happens twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest
import requests

from actors.encrypt_store import encrypt_store
from actors.finalize import finalize
from actors.gate import intend_once_confirmed
from actors.reserve import reserve
from bitloot.errors import Retryable
from bitloot.shop import Shop
from bitloot.states import OrderState, PurchaseState
from db import Case, Order, Payment, Product, Purchase, base, purchases_of
from db.paying import Paying
from db.purchases import Intent
from tests.actors.conftest import KINGUIN, RESERVATIONS, PaidOrder, Queued, fault, open_at_gateway
from tests.actors.ledger import charged, pass_time
from tests.factories import again, an_order, intend, news_of, take
from tests.waiting import until
from web.standins.server import RunningStandins


def run(order_id: object) -> None:
    """The step as a worker runs it; what is to be repeated later is no failure."""
    try:
        reserve(str(order_id))
    except Retryable:
        return


def test_a_paid_order_is_bought_at_each_supplier_and_waits(
    paid_order: PaidOrder, standins: RunningStandins
) -> None:
    order = paid_order((KINGUIN, 2), (RESERVATIONS, 1))
    reserve(str(order.id))
    assert again(order).state is OrderState.WAITING
    assert [item.state for item in purchases_of(order)] == [PurchaseState.WAITING] * 2
    assert charged(standins) == [1, 1]


def test_run_five_times_it_buys_once(paid_order: PaidOrder, standins: RunningStandins) -> None:
    order = paid_order((KINGUIN, 1), (RESERVATIONS, 1))
    for _ in range(5):
        reserve(str(order.id))
    assert charged(standins) == [1, 1]


def test_an_order_that_was_not_paid_when_its_purchases_were_to_be_written_down_waits_for_none(
    paid_order: PaidOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It went into review and back while its worker stood still: nothing is bought, so it is not on its way."""
    order = paid_order((KINGUIN, 1))

    def stalled(paying: Paying, intent: Callable[[], Intent]) -> Sequence[Purchase] | None:
        base.rows("UPDATE orders SET state = 'review' RETURNING id")
        intended = intend_once_confirmed(paying, intent)
        base.rows("UPDATE orders SET state = 'paid' RETURNING id")
        return intended

    with monkeypatch.context() as patch:
        patch.setattr("actors.reserve.intend_once_confirmed", stalled)
        reserve(str(order.id))
    assert (again(order).state, purchases_of(order)) == (OrderState.PAID, [])
    reserve(str(order.id))
    assert (again(order).state, len(purchases_of(order))) == (OrderState.WAITING, 1)


def test_run_by_eight_workers_at_once_it_buys_once(
    shop: Shop, paid_order: PaidOrder, standins: RunningStandins
) -> None:
    order = paid_order((KINGUIN, 1), (RESERVATIONS, 1))
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        run(order.id)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run(order.id)
    assert again(order).state is OrderState.WAITING
    assert charged(standins) == [1, 1]


def test_what_is_bought_is_handed_on_when_it_is_ready(paid_order: PaidOrder, queued: Queued) -> None:
    order = paid_order((KINGUIN, 1))
    reserve(str(order.id))
    placed = purchases_of(order)[0]
    assert again(order).due_at is not None
    assert queued(finalize) == ([str(order.id)] if placed.supplier_status == "delivered" else [])


def test_an_order_that_is_not_paid_is_left_alone(
    shop: Shop, catalog: dict[str, Product], standins: RunningStandins
) -> None:
    order = an_order((catalog[KINGUIN], 1))
    reserve(str(order.id))
    reserve("00000000-0000-0000-0000-000000000000")
    assert again(order).state is OrderState.CREATED
    assert charged(standins) == []


def test_nothing_is_bought_on_a_notice_that_the_gateway_does_not_confirm(
    shop: Shop, catalog: dict[str, Product], standins: RunningStandins
) -> None:
    order = an_order((catalog[KINGUIN], 1))
    payment = open_at_gateway(shop, order)  # opened, never paid: a forged or early notice
    take(news_of(payment))
    reserve(str(order.id))
    assert again(order).state is OrderState.PAID
    assert again(order).hold == "the gateway does not confirm the payment yet"
    assert (charged(standins), Purchase.select().count()) == ([], 0)


def test_a_gateway_that_never_confirms_is_a_case(
    shop: Shop, catalog: dict[str, Product], standins: RunningStandins
) -> None:
    order = an_order((catalog[KINGUIN], 1))
    payment = open_at_gateway(shop, order)
    take(news_of(payment))
    base.rows("UPDATE orders SET moved_at = now() - interval '2 hours' RETURNING id")
    reserve(str(order.id))
    assert again(order).state is OrderState.REVIEW
    assert Case.get().kind == "gateway_disagrees"
    assert charged(standins) == []


def test_while_the_gateway_is_away_nothing_is_bought(
    paid_order: PaidOrder, standins: RunningStandins
) -> None:
    order = paid_order((KINGUIN, 1))
    fault(standins, "nowpayments.read_payment", "status", status=503, count=None)
    run(order.id)
    assert again(order).state is OrderState.PAID
    assert charged(standins) == []
    assert Payment.get().confirmed_at is None


def test_an_empty_balance_parks_the_order_and_a_top_up_resumes_it(
    shop: Shop, paid_order: PaidOrder, standins: RunningStandins
) -> None:
    order = paid_order((KINGUIN, 1))
    requests.post(f"{standins.control_url}/kinguin/balance", json={"balance": "0.01"}, timeout=10)
    run(order.id)
    assert again(order).state is OrderState.PAID
    assert (again(order).hold or "").startswith("supplier: ")
    assert charged(standins) == []
    requests.post(f"{standins.control_url}/kinguin/balance", json={"balance": "1000"}, timeout=10)
    until(lambda: shop.turnstiles["kinguin"].refusal() is None, what="the time of the probe")
    run(order.id)
    assert again(order).state is OrderState.WAITING
    assert charged(standins) == [1]


def test_one_blocked_line_does_not_hold_the_other_up(
    paid_order: PaidOrder, standins: RunningStandins
) -> None:
    order = paid_order((KINGUIN, 1), (RESERVATIONS, 1))
    requests.post(f"{standins.control_url}/kinguin/balance", json={"balance": "0"}, timeout=10)
    run(order.id)
    assert [item.state for item in purchases_of(order)] == [PurchaseState.BLOCKED, PurchaseState.WAITING]
    assert charged(standins) == [1]


def test_a_product_that_cannot_be_had_is_a_case(
    shop: Shop, catalog: dict[str, Product], paid_order: PaidOrder, standins: RunningStandins
) -> None:
    Product.update(max_cost="0.01").where(Product.sku == KINGUIN).execute()
    catalog[KINGUIN] = Product.get(Product.sku == KINGUIN)
    order = paid_order((KINGUIN, 1))
    run(order.id)
    assert again(order).state is OrderState.FAILED
    assert Case.get().kind == "purchase_failed"
    assert charged(standins) == []


def test_a_supplier_that_is_not_set_up_parks_the_order(shop: Shop, paid_order: PaidOrder) -> None:
    order = paid_order((KINGUIN, 1))
    Purchase.update(supplier="gone").execute()
    base.rows("UPDATE lines SET supplier = 'gone' RETURNING id")
    run(order.id)
    assert again(order).state is OrderState.PAID
    assert again(order).hold == "supplier: supplier_off"


def test_a_line_in_doubt_does_not_hold_the_keys_of_another_up(
    paid_order: PaidOrder, standins: RunningStandins, queued: Queued
) -> None:
    order = paid_order((KINGUIN, 1), (RESERVATIONS, 1))
    fault(standins, "kinguin.place_order", "drop_after_effect")
    run(order.id)
    assert [item.state for item in purchases_of(order)] == [PurchaseState.AMBIGUOUS, PurchaseState.WAITING]
    assert queued(encrypt_store) == [str(order.id)]
    encrypt_store(str(order.id))
    assert purchases_of(order)[1].state is PurchaseState.STORED
    assert again(order).state is OrderState.PAID
    pass_time()
    run(order.id)
    assert again(order).state is OrderState.WAITING
    until(lambda: _complete(order).state is OrderState.FULFILLED, what="the other key")
    assert charged(standins) == [1, 1]


def _complete(order: Order) -> Order:
    finalize(str(order.id))
    encrypt_store(str(order.id))
    return again(order)


def test_an_order_in_doubt_is_looked_at_when_its_next_rung_is_reached(
    paid_order: PaidOrder, standins: RunningStandins
) -> None:
    order = paid_order((KINGUIN, 1))
    fault(standins, "kinguin.place_order", "drop_before_effect")
    run(order.id)
    for rung in (5, 20, 60, 300, 900):
        [[wait]] = base.rows("SELECT extract(epoch FROM due_at - now()) FROM orders WHERE id = %s", order.id)
        assert rung - 4 < wait <= rung
        pass_time()
        run(order.id)
    assert again(order).hold == "a purchase needs a person"


def test_while_another_line_may_be_bought_an_order_does_not_fail(
    catalog: dict[str, Product], paid_order: PaidOrder, standins: RunningStandins
) -> None:
    Product.update(max_cost="0.01").where(Product.sku == KINGUIN).execute()
    catalog[KINGUIN] = Product.get(Product.sku == KINGUIN)
    order = paid_order((KINGUIN, 1), (RESERVATIONS, 1))
    fault(standins, "reservations.give", "drop_after_effect")
    run(order.id)
    assert [item.state for item in purchases_of(order)] == [PurchaseState.FAILED, PurchaseState.COMMITTING]
    assert (again(order).state, Case.get().kind) == (OrderState.PAID, "purchase_failed")
    pass_time()
    run(order.id)
    assert again(order).state is OrderState.FAILED
    assert [item.state for item in purchases_of(order)] == [PurchaseState.FAILED, PurchaseState.WAITING]
    assert Case.select().count() == 1


def test_a_frozen_line_lets_the_others_go_on(
    paid_order: PaidOrder, standins: RunningStandins, queued: Queued
) -> None:
    order = paid_order((KINGUIN, 1), (RESERVATIONS, 1))
    fault(standins, "kinguin.place_order", "drop_after_effect")
    run(order.id)
    fault(standins, "kinguin.search_orders", "search_twice")
    pass_time()
    run(order.id)
    assert [item.state for item in purchases_of(order)] == [PurchaseState.MANUAL, PurchaseState.WAITING]
    assert again(order).hold == "a purchase needs a person"
    assert str(order.id) in queued(encrypt_store)
    assert charged(standins) == [1, 1]


def test_a_run_that_died_after_the_purchase_failed_buys_nothing_anew(
    paid_order: PaidOrder, standins: RunningStandins
) -> None:
    order = paid_order((KINGUIN, 1))
    intend(order)
    base.rows(
        "UPDATE purchases SET state = 'failed', error = 'product_unavailable', moved_at = now() RETURNING id"
    )
    run(order.id)
    assert again(order).state is OrderState.FAILED
    assert (Purchase.select().count(), charged(standins)) == (1, [])
