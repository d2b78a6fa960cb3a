"""The last word of a proof: where the order stands, why, and what waits for a person."""

from __future__ import annotations

import uuid

import pytest

from bitloot.cli.last_word import SAID, LastWord, last_word
from bitloot.states import OrderState
from db import Case, Order, open_case
from db.proof import order_proof
from tests.factories import a_paid_order
from tests.timeline import finished

pytestmark = pytest.mark.usefixtures("database")


def stands(order: Order) -> LastWord:
    found = order_proof(order.id)
    assert found is not None
    return last_word(found)


def test_a_failed_order_says_why_and_which_case_waits() -> None:
    order = a_paid_order()
    open_case(order.id, uuid.uuid4(), "purchase_failed", {})
    order.advance(OrderState.FAILED, actor="reserve", reason="out_of_stock")
    last = stands(order)
    assert last.mark == "✗"
    assert last.text == (
        "The order failed. Sold out: the supplier has none left, or not so many."
        f" Case purchase failed is open: bitloot case show {Case.get().id}"
    )


def test_a_hold_is_said_and_an_open_case_is_never_green() -> None:
    order = a_paid_order()
    order.park("supplier balance", 60)
    assert stands(order).text.endswith("On hold: supplier balance.")
    delivered, _ = finished()
    assert (stands(delivered).mark, "fulfilled" in stands(delivered).text) == ("✓", True)
    open_case(delivered.id, uuid.uuid4(), "overpaid", {})
    assert stands(delivered).mark == "!"


def test_every_state_has_its_words() -> None:
    assert set(SAID) == set(OrderState)
