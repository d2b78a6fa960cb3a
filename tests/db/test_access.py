"""Access records."""

from __future__ import annotations

from bitloot.settings import Settings
from db import AccessRecord, record_access
from tests.factories import an_order


def test_an_access_is_written_down_with_who_and_where(database: Settings) -> None:
    order = an_order()
    number = record_access(
        order.id, "reveal", actor="buyer", outcome="granted", address="127.0.0.1", user_agent="a" * 999
    )
    record = AccessRecord.get_by_id(number)
    assert (record.action, record.actor, record.outcome, record.address) == (
        "reveal",
        "buyer",
        "granted",
        "127.0.0.1",
    )
    assert len(record.user_agent) == 300
    assert record.at.tzinfo is not None


def test_a_failed_attempt_on_no_order_is_written_too(database: Settings) -> None:
    assert record_access(None, "reveal", actor="?", outcome="refused", address="", user_agent="") > 0
