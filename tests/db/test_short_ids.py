"""Ids by their beginning."""

from __future__ import annotations

import uuid

import pytest

from bitloot.settings import Settings
from db.short_ids import Subject, ids_between
from tests.factories import an_order


@pytest.mark.parametrize("subject", ["orders", "cases", "notices", "jobs"])
def test_two_at_most_are_found(database: Settings, subject: Subject) -> None:
    orders = [an_order().id for _ in range(3)]
    found = ids_between(subject, uuid.UUID(int=0), uuid.UUID(int=2**128 - 1))
    assert found == (sorted(orders)[:2] if subject == "orders" else [])
