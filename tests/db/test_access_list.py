"""Accesses in the order in which they happened, or turned round."""

from __future__ import annotations

from bitloot.settings import Settings
from db import record_access
from db.access_list import ACCESSES
from tests.factories import an_order


def test_accesses_come_in_their_order(database: Settings) -> None:
    order = an_order()
    for outcome in ("refused", "granted"):
        record_access(order.id, "reveal", actor="buyer", outcome=outcome, address="", user_agent="")
    for sort, outcomes in (("at", ["refused", "granted"]), ("-at", ["granted", "refused"])):
        found = ACCESSES.page({"order_id": order.id}, limit=10, sort=sort)
        assert [row.outcome for row in found.rows] == outcomes
    assert found.rows[0].order_id == order.id
    first = ACCESSES.page({"actor": "buyer"}, limit=1)
    assert [row.outcome for row in ACCESSES.page({}, limit=1, cursor=first.cursor).rows] == ["refused"]
