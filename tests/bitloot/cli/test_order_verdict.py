"""Each rule of a whole chain, and a chain that breaks it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bitloot.cli.order_verdict import Verdict, judge_order
from bitloot.settings import Settings, load_settings
from bitloot.states import OrderState, PurchaseState
from db import Order, Purchase, base, open_case
from db.proof import order_proof
from tests.factories import a_paid_order, a_product, a_waiting_order, an_order, intend
from tests.timeline import FREE, a_letter, finished


@pytest.fixture(autouse=True)
def database(environ: dict[str, str]) -> Iterator[Settings]:
    settings = load_settings(environ)
    base.configure(settings, application="tests")
    with base.scope():
        yield settings
    base.dispose()


def verdict(order: Order) -> Verdict:
    proof = order_proof(order.id)
    assert proof is not None
    return judge_order(proof)


def tamper(sql: str, *values: object) -> None:
    base.rows(f"{sql} RETURNING 1", *values)


def test_a_finished_order_is_whole() -> None:
    order, _ = finished((a_product("kinguin"), 2), (a_product("reservations"), 1))
    found = verdict(order)
    assert found.whole, found
    assert found.reason == "2 lines bought, each by one purchase; 3 keys sealed; 1 letter sent."


def test_an_order_that_nobody_paid_is_whole() -> None:
    assert verdict(an_order()).reason == "Nothing was bought."


def test_an_order_under_way_is_not_whole_yet() -> None:
    order = a_paid_order()
    [purchase] = intend(order)
    ref = purchase.purchase_ref
    assert verdict(order).reason == "The order is paid, not bought yet."
    purchase.start_call(PurchaseState.SENDING, 60)
    assert verdict(order).reason == f"{ref} is being ordered."
    purchase.advance(PurchaseState.AMBIGUOUS)
    found = verdict(order)
    assert (found.whole, found.problems) == (False, [])
    assert found.reason == f"{ref} is in doubt; the supplier is being asked."
    order, [purchase] = a_waiting_order()
    assert verdict(order).reason == f"{purchase.purchase_ref} is bought; 1 of 1 keys are still to come."


def test_a_letter_that_has_not_gone_out_is_an_open_end() -> None:
    order, _ = finished(mailed=False)
    assert verdict(order).reason == "The letter has not gone out yet."
    a_letter(order, sent=False)
    assert verdict(order).reason == "The letter has not gone out yet."


def test_a_case_stands_for_what_is_with_a_person() -> None:
    order, [purchase] = a_waiting_order()
    purchase.advance(PurchaseState.MANUAL, note="purchase_in_doubt")
    assert verdict(order).reason == f"{purchase.purchase_ref} waits for a person, but no case says so."
    open_case(order.id, purchase.id, "purchase_in_doubt", {})
    found = verdict(order)
    assert found.whole, found
    assert "1 open case for a person" in found.reason


def test_a_failed_order_needs_a_case() -> None:
    order, [purchase] = a_waiting_order()
    purchase.advance(PurchaseState.FAILED, note="canceled")
    order.advance(OrderState.FAILED, actor="test")
    found = verdict(order)
    assert f"{purchase.purchase_ref} failed, but no case says so." in found.problems
    assert "The order is failed, but no case says why." in found.problems
    open_case(order.id, purchase.id, "purchase_ended", {})
    assert verdict(order).whole


def test_a_move_that_is_missing_is_seen() -> None:
    order, _ = finished()
    tamper("DELETE FROM moves WHERE order_id = %s AND dst = 'ready'", order.id)
    assert verdict(order).reason == "Move 4 of the order is missing."


def test_a_state_that_no_move_led_to_is_seen() -> None:
    order, _ = finished()
    tamper("UPDATE orders SET state = 'refunded' WHERE id = %s", order.id)
    assert "The order is refunded, but its last move led to fulfilled." in verdict(order).problems


def test_a_move_that_no_order_may_make_is_seen() -> None:
    order, _ = finished()
    tamper("UPDATE moves SET dst = 'review' WHERE order_id = %s AND dst = 'waiting'", order.id)
    assert "Move 4 begins at waiting, though the order stood at review." in verdict(order).problems


def test_a_purchase_before_the_gateways_word_is_seen() -> None:
    order, _ = finished()
    tamper("UPDATE payments SET confirmed_at = NULL WHERE order_id = %s", order.id)
    assert verdict(order).reason == "Something was bought before the gateway confirmed the payment."


def test_a_second_live_purchase_is_seen() -> None:
    order, [purchase] = finished()
    base.rows("DROP INDEX purchases_live_line; SELECT 1")
    copy = Purchase.get_by_id(purchase.id)
    values = dict(copy.__data__) | {
        "id": order.id,
        "generation": 2,
        "purchase_ref": "BL-2",
        "supplier_ref": "S2",
    }
    Purchase.insert(**values).execute()
    assert "Line 1 has 2 live purchases." in verdict(order).problems


def test_a_missing_key_is_seen() -> None:
    order, [purchase] = finished((a_product("kinguin"), 2))
    tamper("DELETE FROM keys WHERE supplier_key_id LIKE '%%:1'")
    problems = verdict(order).problems
    assert f"{purchase.purchase_ref} is stored, but 1 of its keys are missing." in problems
    assert f"{purchase.purchase_ref} counts 2 keys, 1 are there." in problems


def test_a_key_too_many_is_seen() -> None:
    order, [purchase] = finished((a_product("kinguin"), 2))
    tamper("UPDATE purchases SET keys_expected = 1 WHERE id = %s", purchase.id)
    assert f"{purchase.purchase_ref} has 2 keys, 1 were bought." in verdict(order).problems


def test_a_code_that_came_twice_is_seen_unless_a_case_tells_of_it() -> None:
    order, [purchase] = finished((a_product("kinguin"), 2))
    tamper("UPDATE keys SET fingerprint = 'same'")
    assert verdict(order).reason == "1 codes are in the order more than once, but no case says so."
    open_case(order.id, purchase.id, "duplicate_key", {})
    assert verdict(order).whole


def test_a_history_with_a_hole_is_seen() -> None:
    order, [purchase] = finished()
    tamper("DELETE FROM purchase_moves WHERE dst = 'placed'")
    assert (
        verdict(order).reason == f"{purchase.purchase_ref} was sending, but its next step begins at placed."
    )


def test_a_money_call_that_no_row_tells_of_is_seen() -> None:
    order, [purchase] = finished()
    tamper("UPDATE purchases SET attempt = 2 WHERE id = %s", purchase.id)
    assert verdict(order).reason == f"{purchase.purchase_ref} counts 2 money calls, its history shows 1."


def test_searches_are_no_moves_and_break_nothing() -> None:
    order, [purchase] = finished()
    tamper(
        "INSERT INTO purchase_moves (purchase_id, src, dst, attempt, note, at)"
        " VALUES (%s, 'stored', 'stored', 1, 'looked: none', now())",
        purchase.id,
    )
    assert verdict(order).whole


def test_a_letter_before_the_keys_and_a_look_without_any_are_seen() -> None:
    order = a_paid_order()
    a_letter(order)
    assert (
        "A letter says that the keys are ready, though the order was never fulfilled."
        in verdict(order).problems
    )
    order, _ = finished()
    tamper(f"{FREE} UPDATE access_records SET at = at - interval '1 day'")
    assert verdict(order).reason == "Keys were revealed before any was stored."
