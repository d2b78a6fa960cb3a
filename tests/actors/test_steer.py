"""What a person does to an order: once, told of, and only where it may be."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from actors import steer
from actors.reserve import reserve
from actors.resolve import resolve
from bitloot.shop import Shop
from bitloot.states import OrderState, PurchaseState
from db import Case, Order, Purchase, open_case
from db.resolutions import Refused
from tests.factories import a_paid_order, again, an_order, intend

WHO = {"who": "admin:olga", "reason": "the buyer wrote"}


@pytest.fixture
def told(shop: Shop) -> list[str]:
    return []


def test_a_held_order_is_parked_until_it_is_released(told: list[str]) -> None:
    order = a_paid_order()
    steer.hold(order.id, note=told.append, **WHO)
    reserve(str(order.id))
    assert (again(order).state, again(order).hold) == (OrderState.PAID, "held by admin:olga: the buyer wrote")
    with pytest.raises(steer.Objected, match="admin:olga holds it") as caught:
        steer.retry(order.id, note=told.append, **WHO)
    assert caught.value.code == "held"
    steer.release(order.id, note=told.append)
    assert told == ["granted", "held", "granted"]


def test_a_canceled_order_ends_or_its_money_is_due_back(told: list[str]) -> None:
    unpaid, paid = an_order(), a_paid_order()
    [purchase] = intend(paid)
    for order in (unpaid, paid):
        steer.cancel(order.id, basis={"address": "bc1back"}, note=told.append, **WHO)
    assert again(unpaid).state is OrderState.EXPIRED
    assert again(paid).state is OrderState.REFUND_DUE
    case = Case.get(Case.order == paid)
    assert (case.kind, case.figures["received_amount"], case.figures["received_coin"]) == (
        "refund",
        "0.0005",
        "btc",
    )
    assert not purchase.start_call(PurchaseState.SENDING, 60)
    steer.mark_refunded(paid.id, basis={"transaction": "tx1"}, note=told.append, **WHO)
    assert again(paid).state is OrderState.REFUNDED
    assert Case.get(Case.order == paid).basis == {"transaction": "tx1"}
    assert told == ["granted"] * 3


def test_what_is_bought_is_not_canceled(told: list[str]) -> None:
    order = a_paid_order()
    [purchase] = intend(order)
    purchase.start_call(PurchaseState.SENDING, 60)
    with pytest.raises(steer.Objected, match="under way"):
        steer.cancel(order.id, basis={}, note=told.append, **WHO)
    assert (again(order).state, told) == (OrderState.PAID, ["buying_now"])
    with pytest.raises(steer.Objected) as caught:
        steer.cancel(uuid.uuid4(), basis={}, note=told.append, **WHO)
    assert caught.value.code == "not_found"


def test_a_failed_order_is_bought_again_where_its_case_offers_that(told: list[str]) -> None:
    order = a_paid_order()
    order.advance(OrderState.FAILED, actor="test")
    with pytest.raises(steer.Objected, match="cases"):
        steer.retry(order.id, note=told.append, **WHO)
    for subject in ("x", "y"):
        open_case(order.id, subject, "purchase_failed", {})
    assert steer.retry(order.id, note=told.append, **WHO).state is OrderState.PAID
    assert Case.select().where(Case.state == "open").count() == 0


def test_what_cannot_be_told_is_not_done(told: list[str]) -> None:
    order = an_order()

    def away(_: str) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        steer.cancel(order.id, basis={}, note=away, **WHO)
    assert again(order).state is OrderState.CREATED


def _failed_order() -> Order:
    order = a_paid_order()
    for purchase in intend(order):
        _fails(order, purchase)
    return order


def _fails(order: Order, purchase: Purchase) -> None:
    assert purchase.start_call(PurchaseState.SENDING, 5)
    assert purchase.advance(PurchaseState.FAILED, note="no", error="no")
    open_case(order.id, purchase.id, "purchase_failed", {"error": "no"})
    assert order.advance(OrderState.FAILED, actor="reserve")


def test_a_failure_that_comes_after_a_retry_keeps_its_case(
    told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    order, real = _failed_order(), resolve

    def then_it_fails_again(*how: Any, **more: Any) -> Any:
        done = real(*how, **more)
        _fails(again(order), intend(again(order))[0])
        return done

    monkeypatch.setattr(steer, "resolve", then_it_fails_again)
    steer.retry(order.id, note=told.append, **WHO)
    assert [case.state for case in Case.select().order_by(Case.opened_at)] == ["resolved", "open"]


def test_who_comes_second_is_recorded_as_such(told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    order, real = _failed_order(), resolve

    def another_was_first(case_id: uuid.UUID, *how: Any, **more: Any) -> Any:
        real(case_id, *how, **more)
        return real(case_id, "reject", **more)

    monkeypatch.setattr(steer, "resolve", another_was_first)
    with pytest.raises(Refused):
        steer.retry(order.id, note=told.append, **WHO)
    assert (told[0], len(told)) == ("granted", 2)


def test_a_cancel_without_a_basis_is_recorded_as_refused(
    told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    order = a_paid_order()
    monkeypatch.setattr(steer, "paid_for", lambda _order: {})
    with pytest.raises(steer.Objected):
        steer.cancel(order.id, basis={}, note=told.append, **WHO)
    assert (told, again(order).state) == (["no_basis"], OrderState.PAID)
