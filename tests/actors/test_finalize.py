"""finalize: a webhook is a hint; the supplier is asked, and what it says is recorded."""

from __future__ import annotations

from actors.encrypt_store import encrypt_store
from actors.finalize import finalize
from actors.reserve import reserve
from bitloot.shop import Shop
from bitloot.states import OrderState, PurchaseState
from db import Case, Order, purchases_of
from tests.actors.conftest import KINGUIN, RESERVATIONS, PaidOrder, Queued, fault
from tests.factories import again
from tests.waiting import until
from web.standins.server import RunningStandins


def waiting(paid_order: PaidOrder, *lines: tuple[str, int]) -> Order:
    order = paid_order(*lines)
    reserve(str(order.id))
    return again(order)


def finalized(order: Order) -> Order:
    finalize(str(order.id))
    return again(order)


def test_an_order_is_ready_when_every_supplier_delivered(paid_order: PaidOrder, queued: Queued) -> None:
    order = waiting(paid_order, (KINGUIN, 2), (RESERVATIONS, 1))
    until(lambda: finalized(order).state is OrderState.READY, what="delivery")
    assert str(order.id) in queued(encrypt_store)


def test_what_is_not_delivered_yet_is_asked_about_again(
    paid_order: PaidOrder, standins: RunningStandins
) -> None:
    standins.configure(delivery_seconds=600)
    order = waiting(paid_order, (KINGUIN, 1))
    assert finalized(order).state is OrderState.WAITING
    assert again(order).due_at is not None


def test_a_ready_order_is_handed_on_again_and_moves_no_more(paid_order: PaidOrder, queued: Queued) -> None:
    order = waiting(paid_order, (KINGUIN, 1))
    until(lambda: finalized(order).state is OrderState.READY, what="delivery")
    queued(encrypt_store)
    seq = again(order).seq
    finalize(str(order.id))
    assert queued(encrypt_store) == [str(order.id)]
    assert again(order).seq == seq


def test_a_supplier_that_cannot_be_asked_leaves_the_order_as_it_is(
    shop: Shop, paid_order: PaidOrder, standins: RunningStandins
) -> None:
    standins.configure(delivery_seconds=600)
    order = waiting(paid_order, (KINGUIN, 1))
    fault(standins, "kinguin.read_order", "status", status=401)
    assert finalized(order).state is OrderState.WAITING


def test_an_order_that_its_supplier_disowns_is_a_case_and_asked_about_again(
    paid_order: PaidOrder, standins: RunningStandins
) -> None:
    order = waiting(paid_order, (KINGUIN, 1))
    fault(standins, "kinguin.read_order", "status", status=404, body="{}")
    assert finalized(order).state is OrderState.WAITING
    assert (Case.get().kind, again(order).due_at is not None) == ("keys_not_to_be_had", True)
    until(lambda: finalized(order).state is OrderState.READY, what="delivery")


def test_an_order_canceled_over_there_is_a_case(paid_order: PaidOrder, standins: RunningStandins) -> None:
    standins.configure(delivery_seconds=600)
    order = waiting(paid_order, (KINGUIN, 1))
    purchase = purchases_of(order)[0]
    body = f'{{"orderId":"{purchase.supplier_ref}","status":"canceled","totalQty":1,"products":[]}}'
    fault(standins, "kinguin.read_order", "status", status=200, body=body, content_type="application/json")
    assert finalized(order).state is OrderState.FAILED
    assert purchases_of(order)[0].state is PurchaseState.FAILED
    assert Case.get().kind == "purchase_ended"


def test_an_unknown_order_or_one_not_waiting_is_left_alone(paid_order: PaidOrder) -> None:
    order = paid_order()
    finalize(str(order.id))
    finalize("00000000-0000-0000-0000-000000000000")
    assert again(order).state is OrderState.PAID
