"""finalize: a webhook is a hint; the supplier is asked, and what it says is recorded."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from actors.encrypt_store import encrypt_store
from actors.finalize import finalize
from actors.reserve import reserve
from bitloot.errors import Retryable
from bitloot.shop import Shop
from bitloot.states import OrderState, PurchaseState
from db import Case, Order, base, purchases_of
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


def test_what_held_an_order_up_is_forgotten_once_its_supplier_answers(
    paid_order: PaidOrder, standins: RunningStandins
) -> None:
    standins.configure(delivery_seconds=600)
    order = waiting(paid_order, (KINGUIN, 1))
    again(order).park("unauthorized", 60)
    assert finalized(order).hold is None


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


def test_an_order_refunded_over_there_with_keys_still_missing_is_a_case(
    paid_order: PaidOrder, standins: RunningStandins, queued: Queued
) -> None:
    standins.shop.faults.add({"name": "last_key_never"})
    order = waiting(paid_order, (KINGUIN, 2))
    until(lambda: finalized(order).state is OrderState.READY, what="delivery")
    encrypt_store(str(order.id))
    [purchase] = purchases_of(order)
    assert (purchase.state, purchase.keys_stored) == (PurchaseState.PARTIAL, 1)
    sold = standins.shop.kinguin.get(purchase.supplier_ref or "")
    assert sold is not None
    standins.shop.kinguin.move(sold, "refunded")
    assert finalized(order).state is OrderState.FAILED
    [purchase] = purchases_of(order)
    assert (purchase.state, purchase.keys_stored) == (PurchaseState.FAILED, 1)
    assert Case.get().kind == "purchase_ended"


def test_an_unknown_order_or_one_not_waiting_is_left_alone(paid_order: PaidOrder) -> None:
    order = paid_order()
    finalize(str(order.id))
    finalize("00000000-0000-0000-0000-000000000000")
    assert again(order).state is OrderState.PAID


def test_one_line_that_cannot_be_asked_holds_no_other_up(
    paid_order: PaidOrder, standins: RunningStandins, queued: Queued
) -> None:
    order = waiting(paid_order, (KINGUIN, 1), (RESERVATIONS, 1))
    queued(encrypt_store)
    fault(standins, "kinguin.read_order", "status", status=503)
    with pytest.raises(Retryable):
        finalize(str(order.id))
    assert queued(encrypt_store) == [str(order.id)]  # the other line's keys
    until(lambda: finalized(order).state is OrderState.READY, what="delivery")


@pytest.mark.parametrize("sku", [KINGUIN, RESERVATIONS])
def test_a_status_that_nobody_knows_is_an_alert_and_moves_nothing(
    paid_order: PaidOrder, standins: RunningStandins, sku: str
) -> None:
    standins.configure(delivery_seconds=600)
    order = waiting(paid_order, (sku, 1))
    purchase = purchases_of(order)[0]
    body = f'{{"orderId":"{purchase.supplier_ref}","status":"dreaming"}}'
    told = {"status": 200, "body": body, "content_type": "application/json"}
    for point in ("kinguin.read_order", "reservations.read"):
        fault(standins, point, "status", **told)
    with capture_logs() as logs:
        assert finalized(order).state is OrderState.WAITING
    [alert] = [entry for entry in logs if entry.get("action") == "status_unknown"]
    assert (alert["log_level"], alert["code"]) == ("error", "unknown_status")
    now = purchases_of(order)[0]
    assert (now.state, now.supplier_status) == (PurchaseState.WAITING, purchase.supplier_status)
    assert Case.select().count() == 0


def test_a_run_that_died_after_the_purchase_failed_is_finished_by_the_next(
    paid_order: PaidOrder, standins: RunningStandins
) -> None:
    standins.configure(delivery_seconds=600)
    order = waiting(paid_order, (KINGUIN, 1))
    base.rows("UPDATE purchases SET state = 'failed', supplier_status = 'canceled' RETURNING id")
    assert finalized(order).state is OrderState.FAILED
    assert Case.get().kind == "purchase_ended"


def test_every_line_that_ended_is_a_case_and_the_others_keep_their_keys(
    paid_order: PaidOrder, standins: RunningStandins, queued: Queued
) -> None:
    standins.configure(delivery_seconds=600)
    order = waiting(paid_order, (KINGUIN, 1), (KINGUIN, 2), (RESERVATIONS, 1))
    for sold in standins.shop.kinguin.newest_first():
        standins.shop.kinguin.move(sold, "refunded")
    standins.shop.reservations.deliver(standins.shop.reservations.all()[0])
    queued(encrypt_store)
    assert finalized(order).state is OrderState.FAILED
    assert [case.kind for case in Case.select()] == ["purchase_ended"] * 2
    assert queued(encrypt_store) == [str(order.id)]
    encrypt_store(str(order.id))
    assert purchases_of(order)[2].state is PurchaseState.STORED


def test_what_is_ended_after_it_was_delivered_is_a_case_and_takes_no_key_away(
    paid_order: PaidOrder, standins: RunningStandins
) -> None:
    order = waiting(paid_order, (KINGUIN, 1))
    until(lambda: finalized(order).state is OrderState.READY, what="delivery")
    encrypt_store(str(order.id))
    finalize(str(order.id))
    assert Case.select().count() == 0
    standins.shop.kinguin.move(standins.shop.kinguin.newest_first()[0], "refunded")
    for _ in range(2):
        assert finalized(order).state is OrderState.FULFILLED
    [case] = Case.select()
    assert (case.kind, case.figures["status"], case.figures["keys_stored"]) == (
        "ended_after_delivery",
        "refunded",
        "1",
    )
    assert purchases_of(order)[0].state is PurchaseState.STORED
