"""Letters follow the journal: each once per order and kind, and only while they are news."""

from __future__ import annotations

import uuid

from bitloot.settings import Settings
from bitloot.states import OrderState, PaymentState, PurchaseState
from db import base
from db.letters_due import (
    ask_letter,
    claim_letters,
    due_letter,
    end_letter,
    gather_letters,
    lines_not_bought,
    put_off_letter,
)
from tests.factories import a_paid_order, a_payment, a_product, a_waiting_order, an_order, news_of, take
from tests.waiting import until

KINDS = ("order_received", "payment_confirmed", "underpaid", "cannot_deliver", "refund")


def due() -> set[tuple[uuid.UUID, str]]:
    return {(order_id, kind) for order_id, kind in base.rows("SELECT order_id::uuid, kind FROM letters_due")}


def test_each_kind_of_news_asks_for_its_letter_once(database: Settings) -> None:
    placed, paid, short, back = an_order(), a_paid_order(), an_order(), a_paid_order()
    payment = a_payment(short)
    take(news_of(payment, PaymentState.PARTIALLY_PAID, actually_paid=payment.pay_amount / 2))
    back.advance(OrderState.REFUND_DUE, actor="test")
    back.advance(OrderState.REFUNDED, actor="test")
    assert gather_letters(KINDS, 1000) > 5
    assert gather_letters(KINDS, 1000) == 0
    assert due() == {
        (placed.id, "order_received"),
        (paid.id, "payment_confirmed"),
        (short.id, "underpaid"),
        (back.id, "refund"),
    }


def test_what_is_no_longer_news_gets_no_letter(database: Settings) -> None:
    order, _ = a_waiting_order()
    order.advance(OrderState.READY, actor="test")
    order.advance(OrderState.FULFILLED, actor="test")
    gather_letters(KINDS, 1000)
    assert due() == set()


def test_an_order_that_failed_before_there_was_a_letter_for_it_gets_none(database: Settings) -> None:
    old, new, bought_again = a_paid_order(), a_paid_order(), a_paid_order()
    assert old.advance(OrderState.FAILED, actor="test", reason="out_of_stock")
    base.rows("UPDATE letters_cursor SET failures_since = clock_timestamp() RETURNING 1")
    for order in (new, bought_again):
        assert order.advance(OrderState.FAILED, actor="test", reason="out_of_stock")
    assert bought_again.advance(OrderState.PAID, actor="test")
    until(lambda: bool(gather_letters(("cannot_deliver",), 1000)) and bool(due()), what="the letters")
    assert due() == {(new.id, "cannot_deliver")}


def test_a_confirmed_payment_rests_before_it_is_told(database: Settings) -> None:
    a_paid_order()
    until(lambda: bool(gather_letters(KINDS, 1000)) and bool(due()), what="the letter")
    [[rest]] = base.rows(
        "SELECT extract(epoch FROM l.due_at - m.at)::float FROM letters_due l JOIN moves m USING (order_id)"
        " WHERE m.dst = 'paid'"
    )
    assert rest >= 10


def test_the_lines_that_were_not_bought_are_named(database: Settings) -> None:
    order, [_, failed] = a_waiting_order((a_product(), 1), (a_product(name="Moon Courier"), 2))
    assert lines_not_bought(order.id) == []
    assert failed.advance(PurchaseState.FAILED, error="out_of_stock")
    assert lines_not_bought(order.id) == [("Moon Courier", 2)]


def test_the_journal_is_read_piece_by_piece_and_only_for_the_kinds_that_are_sent(database: Settings) -> None:
    orders = [an_order() for _ in range(5)]
    assert [gather_letters(("refund", "order_received"), 2) for _ in range(4)] == [2, 2, 1, 0]
    assert due() == {(order.id, "order_received") for order in orders}
    a_paid_order()
    gather_letters(("refund",), 100)
    assert len(due()) == 5


def test_a_letter_is_claimed_by_one_and_put_off_and_ended(database: Settings) -> None:
    order = an_order()
    gather_letters(KINDS, 100)
    [due_id] = claim_letters(10, 60)
    assert claim_letters(10, 60) == []
    put_off_letter(due_id, 0)
    assert claim_letters(10, 60) == [due_id]
    found = due_letter(str(due_id))
    assert found is not None
    assert (found.order_id, found.kind, found.generation) == (order.id, "order_received", 1)
    end_letter(due_id)
    assert due_letter(str(due_id)) is None


def test_a_letter_asked_for_again_is_another_generation(database: Settings) -> None:
    order = an_order()
    for _ in range(2):
        assert ask_letter(order.id, "keys_ready") is not None
    assert [row[0] for row in base.rows("SELECT generation FROM letters_due ORDER BY 1")] == [1, 2]
