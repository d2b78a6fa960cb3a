"""Every unfinished purchase comes up again, whatever its order does."""

from __future__ import annotations

import pytest

from bitloot.settings import Settings
from bitloot.states import OrderState, PurchaseState
from db import Purchase, base
from db.purchase_checks import OPEN, claim_checks, wake
from tests.factories import a_waiting_order, again


def due() -> None:
    base.rows("UPDATE purchases SET check_at = now() - interval '1 second' RETURNING id")


def put(purchase: Purchase, state: PurchaseState) -> None:
    base.rows("UPDATE purchases SET state = %s WHERE id = %s RETURNING id", str(state), purchase.id)


@pytest.mark.parametrize("state", PurchaseState)
def test_what_is_not_at_its_end_is_read_again_on_schedule(database: Settings, state: PurchaseState) -> None:
    _, [purchase] = a_waiting_order()
    put(purchase, state)
    assert claim_checks(10, 60) == []
    due()
    ended = {PurchaseState.STORED, PurchaseState.FAILED, PurchaseState.MANUAL}
    assert [check.purchase_id for check in claim_checks(10, 60)] == ([] if state in ended else [purchase.id])
    assert claim_checks(10, 60) == []
    assert (state in OPEN) == (state not in ended)


def test_a_purchase_is_an_orphan_where_no_step_looks_after_its_order(database: Settings) -> None:
    order, _ = a_waiting_order()
    due()
    [check] = claim_checks(10, 0)
    assert (check.order_id, check.orphaned) == (order.id, False)
    order.advance(OrderState.FAILED, actor="test")
    due()
    [check] = claim_checks(10, 60)
    assert (check.order_state, check.orphaned) == (OrderState.FAILED, True)


def test_checks_come_in_batches_and_skip_nobody(database: Settings) -> None:
    purchases = {a_waiting_order()[1][0].id for _ in range(5)}
    due()
    assert {check.purchase_id for _ in range(3) for check in claim_checks(2, 0)} == purchases


def test_an_order_that_rests_for_long_is_woken_and_one_that_was_just_sent_is_not(database: Settings) -> None:
    (resting, _), (sent, _) = a_waiting_order(), a_waiting_order()
    resting.look_again(3600)
    sent.look_again(10)
    assert wake([resting.id, sent.id], beyond=15) == 1
    assert again(resting).due_at < again(sent).due_at
    assert wake([], beyond=15) == 0
