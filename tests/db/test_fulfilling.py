"""What stands before the keys, by one read: as the rows are, and with webhooks that came too early."""

from __future__ import annotations

import uuid

import db
from bitloot.settings import Settings
from bitloot.states import OrderState, PurchaseState
from db import purchases_of
from db.fulfilling import find_fulfilling
from db.orders import order_with_items
from tests.db.test_notices import a_hint, a_webhook
from tests.factories import a_paid_order, a_product, intend


def test_it_is_what_the_rows_say_line_by_line(database: Settings) -> None:
    order = a_paid_order((a_product("kinguin"), 2), (a_product("reservations"), 1))
    found = find_fulfilling(order.id)
    assert found is not None
    assert (found.purchases, found.said) == ([], {})
    first = intend(order)[0]
    first.start_call(PurchaseState.SENDING, 60)
    first.advance(PurchaseState.FAILED)
    order.advance(OrderState.FAILED, actor="test")
    order.advance(OrderState.PAID, actor="test")
    intend(order)
    found = find_fulfilling(str(order.id))
    assert found is not None
    assert (found.order.id, found.order.state) == (order.id, OrderState.PAID)
    assert found.purchases == purchases_of(order)
    assert [item.generation for item in found.purchases] == [2, 1]
    assert found.items == order_with_items(order.id)[1]


def test_a_webhook_that_came_before_its_purchase_was_known_is_heard(database: Settings) -> None:
    db.keep_hint(a_webhook(external_id="S-9"), a_hint("S-9"))
    first, second = intend(a_paid_order((a_product("kinguin"), 1), (a_product("reservations"), 1)))
    for purchase in (first, second):  # another supplier's order may go by the same name
        purchase.start_call(PurchaseState.SENDING, 60)
        purchase.advance(PurchaseState.PLACED, supplier_ref="S-9")
    found = find_fulfilling(first.order_id)
    assert found is not None
    assert found.said == {first.id: {str(a_hint("S-9").status or "")}, second.id: frozenset()}


def test_there_may_be_no_such_order(database: Settings) -> None:
    assert find_fulfilling(uuid.uuid4()) is None
    assert find_fulfilling("no id at all") is None
