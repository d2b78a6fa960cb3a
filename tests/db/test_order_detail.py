"""One order with all that belongs to it, and no key."""

from __future__ import annotations

import uuid
from dataclasses import fields

from bitloot.settings import Settings
from db.order_detail import KeyFacts, keys_held, order_detail
from tests.factories import a_waiting_order


def test_an_order_is_shown_with_all_that_belongs_to_it(database: Settings) -> None:
    order, [purchase] = a_waiting_order()
    found = order_detail(order.id)
    assert found is not None
    assert [one.id for one in found.purchases] == [purchase.id]
    assert (len(found.payments), len(found.lines), keys_held(order.id)) == (1, 1, [])
    assert not {"fingerprint", "object_digest", "object_name"} & {field.name for field in fields(KeyFacts)}
    assert order_detail(uuid.uuid4()) is None
