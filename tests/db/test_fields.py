"""Column types: aware times only, states as enums, transaction ids as numbers."""

from __future__ import annotations

import uuid
from datetime import datetime

import pytest

from bitloot.settings import Settings
from bitloot.states import OrderState
from db import Move, Order
from db.fields import as_uuid
from tests.factories import again, an_order


def test_times_are_aware(database: Settings) -> None:
    order = an_order()
    assert order.created_at.tzinfo is not None
    with pytest.raises(ValueError, match="aware"):
        Order.update(due_at=datetime(2026, 1, 1)).execute()  # noqa: DTZ001


def test_a_state_reads_as_one_of_ours(database: Settings) -> None:
    assert again(an_order()).state is OrderState.CREATED


def test_a_transaction_id_reads_as_a_number(database: Settings) -> None:
    an_order()
    assert Move.get().xid > 0


def test_what_is_no_id_is_none() -> None:
    known = uuid.uuid4()
    assert [as_uuid(text) for text in (known, str(known), known.hex, "no id", "")] == [known] * 3 + [None] * 2
