"""What an order's detail says of a hold and of actions."""

from __future__ import annotations

from bitloot.settings import Settings
from db.order_detail import order_detail
from db.steering import hold_order
from tests.factories import a_paid_order
from web.admin.order_answers import detail_view, fulfillment_view


def test_a_hold_is_told_with_who_and_why(database: Settings) -> None:
    order = a_paid_order()
    hold_order(order.id, who="admin:olga", reason="a dispute")
    found = order_detail(order.id)
    assert found is not None
    view = detail_view(found)
    assert view.held is not None
    assert (view.held.by, view.held.why) == ("admin:olga", "a dispute")
    why = {action.name: action.why for action in view.actions}
    assert (why["release"], why["hold"]) == (None, "admin:olga holds it already.")
    assert [line.keys_stored for line in fulfillment_view(found).lines] == [0]
