"""A person settles what no step may touch, and the supplier has the last word."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from actors.encrypt_store import encrypt_store
from actors.finalize import finalize
from actors.reserve import reserve
from actors.settle import settle_purchase
from bitloot.errors import Blocked, Permanent, Retryable
from bitloot.shop import Shop
from bitloot.states import OrderState, PurchaseState
from bitloot.suppliers.base import Wanted
from db import Order, Purchase, PurchaseMove, base
from tests.actors.conftest import fault
from tests.actors.ledger import charged, go, pass_time
from web.standins.server import RunningStandins

SEARCH = "kinguin.search_orders"


def settle(purchase: Purchase, how: str, ref: str | None = None) -> None:
    settle_purchase(purchase.id, how, ref, "olga", "asked Kinguin by telephone")


def refusal(purchase: Purchase, how: str, ref: str | None = None) -> str:
    """The code of a refusal, whose sentence a person can read, and which moved nothing."""
    before = Purchase.get_by_id(purchase.id).state
    with pytest.raises(Permanent) as refused:
        settle(purchase, how, ref)
    assert str(refused.value).endswith(".")
    assert Purchase.get_by_id(purchase.id).state is before
    return refused.value.code


@pytest.fixture
def bought_unseen(shop: Shop, kinguin: Purchase, standins: RunningStandins) -> Purchase:
    """Bought, but no search ever showed it: a person must look."""
    fault(standins, "kinguin.place_order", "drop_after_effect")
    fault(standins, SEARCH, "search_empty", count=None)
    for _ in range(3):
        go(shop, kinguin)
    standins.shop.faults.clear()
    return Purchase.get_by_id(kinguin.id)


@pytest.fixture
def never_bought(shop: Shop, kinguin: Purchase, standins: RunningStandins) -> Purchase:
    fault(standins, "kinguin.place_order", "drop_before_effect")
    for _ in range(3):
        go(shop, kinguin)
    return Purchase.get_by_id(kinguin.id)


def test_an_adopted_order_is_delivered_like_any_other(
    bought_unseen: Purchase, standins: RunningStandins
) -> None:
    assert bought_unseen.state is PurchaseState.MANUAL
    [sold] = standins.shop.kinguin.newest_first()
    settle(bought_unseen, "adopt", sold.id)
    now = Purchase.get_by_id(bought_unseen.id)
    assert (now.state, now.supplier_ref, now.error) == (PurchaseState.WAITING, sold.id, None)
    for step in (reserve, finalize, encrypt_store):
        step(str(now.order_id))
    assert Order.get_by_id(now.order_id).state is OrderState.FULFILLED
    assert charged(standins) == [1]


def test_who_and_why_are_kept_with_the_move_and_the_order_is_due(
    bought_unseen: Purchase, standins: RunningStandins
) -> None:
    settle(bought_unseen, "adopt", standins.shop.kinguin.newest_first()[0].id)
    move = PurchaseMove.select().order_by(PurchaseMove.id.desc()).get()
    assert (move.src, move.dst) == ("manual", "waiting")
    assert move.note == "adopted by olga: asked Kinguin by telephone"
    assert base.rows("SELECT due_at <= now() FROM orders") == [(True,)]


def test_what_was_bought_twice_is_adopted_by_the_reference_that_is_saved(
    shop: Shop, kinguin: Purchase, standins: RunningStandins
) -> None:
    fault(standins, "kinguin.place_order", "drop_after_effect")
    fault(standins, SEARCH, "search_twice")
    frozen = [go(shop, kinguin) for _ in range(2)][-1]
    settle(frozen, "adopt")
    assert Purchase.get_by_id(kinguin.id).state is PurchaseState.WAITING


def test_what_was_never_bought_fails_the_order_and_only_then_may_be_bought_anew(
    shop: Shop, never_bought: Purchase, standins: RunningStandins
) -> None:
    settle(never_bought, "not_bought")
    order_id = str(never_bought.order_id)
    reserve(order_id)
    assert Purchase.select().count() == 1  # `paid` from before: no person sent it back yet
    order = Order.get_by_id(never_bought.order_id)
    assert order.state is OrderState.FAILED
    order.advance(OrderState.PAID, actor="olga", reason="retry")
    reserve(order_id)
    [old, new] = Purchase.select().order_by(Purchase.generation)
    assert (old.state, old.error) == (PurchaseState.FAILED, "not_bought")
    assert (new.purchase_ref, new.state) == (f"{old.purchase_ref}-2", PurchaseState.WAITING)
    assert charged(standins) == [1]


def test_what_the_supplier_has_was_bought_whatever_a_person_says(bought_unseen: Purchase) -> None:
    assert refusal(bought_unseen, "not_bought") == "bought_there"


def test_what_the_supplier_canceled_may_be_declared_not_bought(
    bought_unseen: Purchase, standins: RunningStandins
) -> None:
    [sold] = standins.shop.kinguin.newest_first()
    standins.shop.kinguin.move(sold, "canceled")
    settle(bought_unseen, "not_bought")
    assert Purchase.get_by_id(bought_unseen.id).state is PurchaseState.FAILED


def test_an_order_under_another_reference_is_not_ours(
    shop: Shop, never_bought: Purchase, standins: RunningStandins
) -> None:
    wanted = Wanted(never_bought.product_ref, 1, never_bought.max_price, never_bought.currency)
    other = shop.suppliers["kinguin"].begin("BL-other", wanted)
    assert refusal(never_bought, "adopt", other.supplier_ref) == "other_reference"


def test_an_order_that_the_supplier_does_not_know_cannot_be_adopted(never_bought: Purchase) -> None:
    assert refusal(never_bought, "adopt", "PNOTHERE000") == "unknown_there"
    assert refusal(never_bought, "adopt", "../x") == "unknown_there"
    assert refusal(never_bought, "adopt") == "no_reference"


def test_one_order_there_is_one_purchase_here(
    shop: Shop, never_bought: Purchase, standins: RunningStandins
) -> None:
    wanted = Wanted(never_bought.product_ref, 1, never_bought.max_price, never_bought.currency)
    placed = shop.suppliers["kinguin"].begin(never_bought.purchase_ref, wanted)
    sold = standins.shop.kinguin.get(placed.supplier_ref)
    assert sold is not None
    taken = Purchase.get_by_id(never_bought.id)
    row: Any = Purchase.select().where(Purchase.id == taken.id).dicts().get()
    row |= {"id": uuid.uuid4(), "generation": 2, "purchase_ref": "BL-x", "state": "failed"}
    Purchase.insert(**(row | {"supplier_ref": placed.supplier_ref})).execute()
    assert refusal(never_bought, "adopt", placed.supplier_ref) == "reference_taken"


def test_only_what_is_manual_is_settled(shop: Shop, kinguin: Purchase) -> None:
    assert refusal(kinguin, "adopt", "P1") == "not_manual"
    assert refusal(kinguin, "not_bought") == "not_manual"
    with pytest.raises(Permanent) as unknown:
        settle_purchase(uuid.uuid4(), "adopt", "P1", "olga", "?")
    assert unknown.value.code == "no_purchase"


def test_there_are_two_ways_and_no_third(never_bought: Purchase) -> None:
    assert refusal(never_bought, "forget") == "bad_way"


def test_while_the_supplier_cannot_be_asked_nothing_is_settled(
    never_bought: Purchase, standins: RunningStandins
) -> None:
    fault(standins, SEARCH, "status", status=503)
    with pytest.raises(Retryable):
        settle(never_bought, "not_bought")
    base.rows("UPDATE purchases SET supplier = 'gone' RETURNING id")
    with pytest.raises(Blocked):
        settle(never_bought, "not_bought")
    assert Purchase.get_by_id(never_bought.id).state is PurchaseState.MANUAL


def test_a_reservation_is_settled_by_whether_it_was_paid_for(
    shop: Shop, reservation: Purchase, standins: RunningStandins
) -> None:
    fault(standins, "reservations.give", "drop_before_effect", count=None)
    doubtful = go(shop, reservation)
    reserved = str(doubtful.supplier_ref)
    base.rows("UPDATE purchases SET state = 'manual' RETURNING id")
    assert refusal(reservation, "adopt") == "not_paid_there"
    standins.shop.faults.clear()
    shop.suppliers["reservations"].commit(reserved)
    pass_time()
    assert refusal(reservation, "not_bought") == "bought_there"
    settle(reservation, "adopt")
    assert Purchase.get_by_id(reservation.id).state is PurchaseState.WAITING
    assert charged(standins) == [1]
