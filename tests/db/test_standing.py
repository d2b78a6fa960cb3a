"""Where orders stand."""

from __future__ import annotations

from bitloot.settings import Settings
from db import base, migrate
from db.standing import schema_numbers, standing
from tests.factories import a_paid_order, an_order


def test_states_are_counted_with_the_age_of_the_oldest(database: Settings) -> None:
    assert standing() == []
    an_order()
    for _ in range(2):
        a_paid_order()
    base.rows("UPDATE orders SET moved_at = now() - interval '1 hour' WHERE state = 'created' RETURNING 1")
    created, paid = standing()
    assert (created.state, created.orders, paid.state, paid.orders) == ("created", 1, "paid", 2)
    assert created.oldest_seconds >= 3600 > paid.oldest_seconds >= 0


def test_the_schema_knows_its_migrations(database: Settings) -> None:
    assert schema_numbers() == {item.number for item in migrate.migrations()}
