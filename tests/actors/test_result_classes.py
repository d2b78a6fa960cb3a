"""PROVIDERS §7.1, row by row: what a supplier may answer, and what becomes of the order then."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
import requests

from actors import workshop
from actors.reserve import reserve
from bitloot.errors import BitLootError
from bitloot.settings import load_settings
from bitloot.shop import Shop, open_shop
from bitloot.states import OrderState, PurchaseState
from bitloot.suppliers.base import Placed
from db import Case, Order, Product, Purchase, base
from tests.actors.conftest import KINGUIN, PaidOrder, fault
from tests.actors.ledger import Bent, Killed, charged, looks, pass_time, trail
from tests.factories import again
from tests.waiting import until
from web.standins.server import RunningStandins

BUY, SEARCH = "kinguin.place_order", "kinguin.search_orders"


def run(order: Order) -> tuple[OrderState, PurchaseState]:
    """The step, as a worker runs it; where order and purchase stand then."""
    with contextlib.suppress(BitLootError):  # a worker tries again, by the step's policy
        reserve(str(order.id))
    return again(order).state, Purchase.get().state


@pytest.fixture
def order(paid_order: PaidOrder) -> Order:
    return paid_order((KINGUIN, 1))


def bent(shop: Shop, **bends: Callable[..., Any]) -> None:
    """From now on the shop's Kinguin does this."""
    suppliers: dict[str, Any] = {**shop.suppliers, "kinguin": Bent(shop.suppliers["kinguin"], **bends)}
    workshop.use(type(shop)(**{**vars(shop), "suppliers": suppliers}))


def test_row_ok_goes_on(order: Order, standins: RunningStandins) -> None:
    assert run(order) == (OrderState.WAITING, PurchaseState.WAITING)
    assert charged(standins) == [1]


@pytest.mark.parametrize("read_or_write", ["buys", "reads"])
@pytest.mark.parametrize("after", [{}, {"headers": {"Retry-After": "0"}}], ids=["bare", "Retry-After"])
def test_row_retryable_is_the_same_step_again(
    order: Order, standins: RunningStandins, read_or_write: str, after: dict[str, Any]
) -> None:
    fault(standins, BUY if read_or_write == "buys" else SEARCH, "status", status=429, **after)
    assert run(order) == (OrderState.PAID, PurchaseState.INTENT)
    assert (charged(standins), Case.select().count()) == ([], 0)
    assert run(order) == (OrderState.WAITING, PurchaseState.WAITING)
    assert charged(standins) == [1]


def test_row_retryable_where_nobody_listens(
    shop: Shop, environ: dict[str, str], order: Order, standins: RunningStandins
) -> None:
    """Connect refused: certainly nothing happened. Each supplier's address in `environ` leads nowhere."""
    away = open_shop(load_settings(environ))
    workshop.use(type(shop)(**{**vars(shop), "suppliers": away.suppliers}))
    assert run(order) == (OrderState.PAID, PurchaseState.INTENT)
    workshop.use(shop)
    assert run(order) == (OrderState.WAITING, PurchaseState.WAITING)


@pytest.mark.parametrize(
    "failure",
    [{"kind": "status", "status": 500}, {"kind": "drop_after_effect"}, {"kind": "status", "body": "<"}],
    ids=["500", "dropped", "unreadable"],
)
def test_row_retryable_is_every_failed_read(
    order: Order, standins: RunningStandins, failure: dict[str, Any]
) -> None:
    fault(standins, SEARCH, **failure)  # the look before buying
    assert run(order) == (OrderState.PAID, PurchaseState.INTENT)
    assert run(order) == (OrderState.WAITING, PurchaseState.WAITING)
    assert charged(standins) == [1]


def test_row_permanent_is_the_way_to_fail_or_refund(
    catalog: dict[str, Product], paid_order: PaidOrder, standins: RunningStandins
) -> None:
    Product.update(max_cost="0.01").where(Product.sku == KINGUIN).execute()
    catalog[KINGUIN] = Product.get(Product.sku == KINGUIN)
    order = paid_order((KINGUIN, 1))
    assert run(order) == (OrderState.FAILED, PurchaseState.FAILED)
    assert (Case.get().kind, Case.get().figures["error"]) == ("purchase_failed", "product_unavailable")
    assert run(order) == (OrderState.FAILED, PurchaseState.FAILED)
    assert (charged(standins), Purchase.select().count()) == ([], 1)


@pytest.mark.parametrize("why", ["insufficient_balance", "unauthorized"])
def test_row_blocked_holds_the_order_and_resumes_it(
    shop: Shop, order: Order, standins: RunningStandins, why: str
) -> None:
    purse = f"{standins.control_url}/kinguin/balance"
    if why == "unauthorized":
        fault(standins, BUY, "status", status=401)
    else:
        requests.post(purse, json={"balance": "0"}, timeout=10)
    assert run(order) == (OrderState.PAID, PurchaseState.BLOCKED)
    assert again(order).hold == f"supplier: {why}"
    assert (charged(standins), Case.select().count()) == ([], 0)
    requests.post(purse, json={"balance": "1000"}, timeout=10)
    until(lambda: shop.turnstiles["kinguin"].refusal() is None, what="the time of the probe")
    assert run(order) == (OrderState.WAITING, PurchaseState.WAITING)
    assert (again(order).hold, charged(standins)) == (None, [1])


def test_row_duplicate_is_reconciled_never_bought_under_another_reference(
    shop: Shop, order: Order, standins: RunningStandins
) -> None:
    """The database was restored from before the purchase, and the search lags."""
    run(order)
    base.rows("UPDATE purchases SET state = 'intent', supplier_ref = NULL RETURNING id")
    base.rows("UPDATE orders SET state = 'paid', due_at = now() RETURNING id")
    fault(standins, SEARCH, "search_empty")
    assert run(order) == (OrderState.PAID, PurchaseState.AMBIGUOUS)
    assert Purchase.get().error == "duplicate"
    pass_time()
    assert run(order) == (OrderState.WAITING, PurchaseState.WAITING)
    assert (charged(standins), Purchase.select().count()) == ([1], 1)


@pytest.mark.parametrize(
    "answer",
    [
        {"kind": "drop_after_effect"},
        {"kind": "delay", "seconds": 6, "after": True},
        {"kind": "status", "status": 500, "after": True},
        {"kind": "status", "status": 503, "after": True, "body": "<html>"},
        {"kind": "status", "status": 200, "after": True, "body": '{"orderId":'},
        {"kind": "status", "status": 302, "after": True},
        {"kind": "status", "status": 408, "after": True},
    ],
    ids=["reset", "timeout", "500", "503 html", "unreadable 2xx", "redirect", "408"],
)
def test_row_ambiguous_is_reconciled_before_any_repeat(
    order: Order, standins: RunningStandins, answer: dict[str, Any]
) -> None:
    fault(standins, BUY, **answer)
    assert run(order) == (OrderState.PAID, PurchaseState.AMBIGUOUS)
    assert run(order) == (
        OrderState.PAID,
        PurchaseState.AMBIGUOUS,
    )  # its rung is not reached: nothing is sent
    pass_time()
    assert run(order) == (OrderState.WAITING, PurchaseState.WAITING)
    assert trail(Purchase.get()) == ["intent", "sending", "ambiguous", "placed", "waiting"]
    assert charged(standins) == [1]


def test_row_ambiguous_is_the_death_of_the_process(
    shop: Shop, order: Order, standins: RunningStandins
) -> None:
    def killed(begin: Callable[..., Placed], *call: Any) -> Placed:
        begin(*call)
        raise Killed

    bent(shop, begin=killed)
    with pytest.raises(Killed):
        reserve(str(order.id))
    workshop.use(shop)
    assert run(order) == (OrderState.PAID, PurchaseState.SENDING)  # the lease still runs
    pass_time()
    assert run(order) == (OrderState.PAID, PurchaseState.AMBIGUOUS)
    pass_time()
    assert run(order) == (OrderState.WAITING, PurchaseState.WAITING)
    assert (charged(standins), looks(Purchase.get())) == ([1], [])


def test_row_unknown_status_moves_nothing(order: Order, standins: RunningStandins) -> None:
    """An answer that is clear but for a word: the order is placed there, and what the word means is asked later."""
    body = '{"orderId":"PSTRANGE001","status":"dreaming","totalQty":1}'
    fault(standins, BUY, "status", status=201, body=body, content_type="application/json")
    assert run(order) == (OrderState.WAITING, PurchaseState.WAITING)
    assert Purchase.get().supplier_status == "pending"
