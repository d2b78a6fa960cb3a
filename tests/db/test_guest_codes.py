"""A code is good once, for a short time and a few tries."""

from __future__ import annotations

from bitloot.settings import Settings
from db import base
from db.guest_codes import MOST_TRIES, keep_code, take_code
from tests.factories import an_order


def test_the_right_code_is_good_once(database: Settings) -> None:
    order, other = an_order(), an_order()
    keep_code(order.id, "right", 60, 1)
    assert not take_code(other.id, "right")
    assert not take_code(order.id, "wrong")
    assert take_code(order.id, "right")
    assert not take_code(order.id, "right")


def test_a_newer_code_ends_the_one_before(database: Settings) -> None:
    order = an_order()
    keep_code(order.id, "first", 60, 1)
    keep_code(order.id, "second", 60, 2)
    assert not take_code(order.id, "first")
    assert take_code(order.id, "second")


def test_a_code_that_was_overtaken_on_its_way_ends_nothing(database: Settings) -> None:
    order = an_order()
    keep_code(order.id, "newer", 60, 2)
    keep_code(order.id, "older", 60, 1)
    assert not take_code(order.id, "older")
    assert take_code(order.id, "newer")


def test_nobody_guesses_for_long(database: Settings) -> None:
    order = an_order()
    keep_code(order.id, "right", 60, 1)
    for _ in range(MOST_TRIES):
        assert not take_code(order.id, "wrong")
    assert not take_code(order.id, "right")


def test_an_old_code_is_no_code(database: Settings) -> None:
    order = an_order()
    keep_code(order.id, "right", 60, 1)
    base.rows("UPDATE guest_codes SET expires_at = now() RETURNING 1")
    assert not take_code(order.id, "right")
