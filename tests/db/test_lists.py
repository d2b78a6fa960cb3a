"""Lists: one count, one page, no sealed column."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta

from bitloot.settings import Settings
from db import base, record_access
from db.lists import (
    NoticeFacts,
    list_accesses,
    list_notices,
    list_purchases,
    notice_facts,
    purchases_by_reference,
)
from tests.factories import a_waiting_order, an_order


def test_a_list_takes_two_statements(database: Settings) -> None:
    a_waiting_order()
    seen: list[object] = []
    hooks = base.database.query_hooks
    hooks.append(seen.append)
    try:
        found = list_purchases({}, page=1, limit=10)
    finally:
        hooks.remove(seen.append)
    assert (found.total, len(found.rows), len(seen)) == (1, 1, 2)


def test_purchases_are_found_by_either_reference(database: Settings) -> None:
    _, [purchase] = a_waiting_order()
    assert purchase.supplier_ref
    for reference in (purchase.supplier_ref, purchase.purchase_ref):
        assert [found.id for found in purchases_by_reference(reference)] == [purchase.id]
    assert purchases_by_reference("nobody's") == []


def test_times_bound_a_list(database: Settings) -> None:
    a_waiting_order()
    now = datetime.now(UTC)
    assert list_purchases({"since": now - timedelta(hours=1)}, page=1, limit=1).total == 1
    assert list_purchases({"until": now - timedelta(hours=1)}, page=1, limit=1).total == 0
    assert list_purchases({"since": None}, page=1, limit=1).total == 1


def test_what_is_sealed_is_not_read(database: Settings) -> None:
    assert not {"body", "data_key"} & {field.name for field in fields(NoticeFacts)}
    assert list_notices({}, page=1, limit=10).rows == []
    assert notice_facts(an_order().id) is None


def test_accesses_come_in_their_order(database: Settings) -> None:
    order = an_order()
    for outcome in ("refused", "granted"):
        record_access(order.id, "reveal", actor="buyer", outcome=outcome, address="", user_agent="")
    found = list_accesses({"order_id": order.id}, page=1, limit=10)
    assert [row.outcome for row in found.rows] == ["refused", "granted"]
    assert found.rows[0].order_id == order.id
