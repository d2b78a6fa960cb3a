"""Orders: one door per state, a row per move, nothing twice."""

from __future__ import annotations

import threading
from decimal import Decimal

import psycopg2
import pytest
from peewee import IntegrityError

from bitloot.settings import Settings
from bitloot.states import ACTIVE, OrderState
from db import Line, Move, NewLine, Order, base, claim_due, place_order
from db.base import rows
from db.orders import still_due
from db.rights import withdraw_right
from tests.factories import a_paid_order, a_product, a_waiting_order, again, an_order


def _dst(order: Order) -> list[str]:
    return [move.dst for move in Move.select().where(Move.order == order.id).order_by(Move.seq)]


def test_an_order_is_written_with_its_lines_and_first_move(database: Settings) -> None:
    order = an_order((a_product("kinguin"), 2), (a_product("reservations"), 1))
    assert order.state is OrderState.CREATED
    assert order.price == Decimal("60.00")
    assert [(line.position, line.quantity) for line in Line.select().order_by(Line.position)] == [
        (1, 2),
        (2, 1),
    ]
    assert _dst(order) == ["created"]


def test_an_order_has_one_currency(database: Settings) -> None:
    mixed = [NewLine(a_product(sku="a"), 1), NewLine(a_product(sku="b", currency="usd"), 1)]
    with pytest.raises(ValueError, match="one currency"):
        place_order(mixed, email="a@example.test", pay_currency="btc")
    assert Order.select().count() == 0


def test_a_used_idempotency_key_gives_the_earlier_order(database: Settings) -> None:
    line = [NewLine(a_product(), 1)]
    first, new = place_order(line, email="a@example.test", pay_currency="btc", idempotency_key="k")
    second, again_new = place_order(line, email="a@example.test", pay_currency="btc", idempotency_key="k")
    assert (new, again_new) == (True, False)
    assert first.id == second.id
    assert Order.select().count() == 1


def test_advance_moves_and_writes_the_move_in_one_commit(database: Settings) -> None:
    order = an_order()
    assert order.advance(OrderState.PAID, actor="test", reason="why", data={"a": "b"})
    move = Move.get(Move.order == order.id, Move.seq == 2)
    assert (move.src, move.dst, move.actor, move.reason, move.data) == (
        "created",
        "paid",
        "test",
        "why",
        {"a": "b"},
    )
    assert again(order).state is OrderState.PAID


def test_of_two_stale_copies_one_moves(database: Settings) -> None:
    order = an_order()
    one, other = again(order), again(order)
    assert one.advance(OrderState.PAID, actor="one")
    assert not other.advance(OrderState.EXPIRED, actor="other")
    assert other.state is OrderState.CREATED
    assert _dst(order) == ["created", "paid"]


@pytest.mark.usefixtures("database")
def test_of_twenty_threads_one_moves() -> None:
    order = an_order()
    won: list[bool] = []
    start = threading.Barrier(20)

    def move() -> None:
        with base.scope():
            copy = again(order)
            start.wait()
            won.append(copy.advance(OrderState.PAID, actor="thread"))

    base.database._max_connections = 32
    threads = [threading.Thread(target=move) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 19 + [True]
    assert _dst(order) == ["created", "paid"]


def test_an_illegal_move_is_refused_before_the_database_is_asked(database: Settings) -> None:
    order = an_order()
    with pytest.raises(ValueError, match="cannot go from created to fulfilled"):
        order.advance(OrderState.FULFILLED, actor="test")
    assert _dst(order) == ["created"]


def test_a_final_state_stays(database: Settings) -> None:
    order = an_order()
    for state in (OrderState.REVIEW, OrderState.REFUND_DUE, OrderState.REFUNDED):
        assert order.advance(state, actor="test")
    for state in OrderState:
        with pytest.raises(ValueError, match="cannot go from refunded"):
            order.advance(state, actor="test")


def test_an_order_is_first_paid_once_even_behind_the_door(database: Settings) -> None:
    order = an_order()
    order.advance(OrderState.PAID, actor="test")
    rows("UPDATE orders SET state = 'created' WHERE id = %s RETURNING id", order.id)
    with pytest.raises(IntegrityError, match="moves_first_paid"):
        rows("SELECT advance_order(%s, 'created', 'paid', 'x', '', '{}', 5)", order.id)


def test_active_states_are_due_and_others_are_not(database: Settings) -> None:
    order = an_order()
    assert again(order).due_at is None
    order.advance(OrderState.PAID, actor="test")
    assert again(order).due_at is not None
    order.advance(OrderState.FAILED, actor="test")
    assert again(order).due_at is None
    assert OrderState.FAILED not in ACTIVE


def test_due_orders_are_claimed_once_and_come_back(database: Settings) -> None:
    order = a_paid_order()
    order.look_again(0)
    assert claim_due(OrderState.PAID, 10, again=60) == [order.id]
    assert claim_due(OrderState.PAID, 10, again=60) == []
    order.look_again(0)
    assert claim_due(OrderState.WAITING, 10, again=60) == []
    assert claim_due(OrderState.PAID, 10, again=60) == [order.id]


def test_a_claim_is_bounded(database: Settings) -> None:
    for _ in range(5):
        a_paid_order().look_again(0)
    assert len(claim_due(OrderState.PAID, 2, again=60)) == 2
    assert len(claim_due(OrderState.PAID, 10, again=60)) == 3


def test_a_claim_is_bounded_whatever_the_planner_thinks(database: Settings) -> None:
    """A nested loop would run a claiming sub-select again for each order, and claim more each time."""
    for _ in range(6):
        a_paid_order().look_again(0)
    with base.transaction():
        for way in ("hashjoin", "mergejoin", "material", "hashagg", "sort"):
            base.rows(f"SET LOCAL enable_{way} = off; SELECT 1")
        assert len(claim_due(OrderState.PAID, 2, again=60)) == 2


def test_who_never_moves_does_not_starve_the_rest(database: Settings) -> None:
    """Even when all are due again by the next sweep: what was taken last is at the end of the queue."""
    orders = [a_paid_order() for _ in range(5)]
    for order in orders:
        order.look_again(0)
    taken = [claim_due(OrderState.PAID, 2, again=0) for _ in range(3)]
    assert {order_id for batch in taken for order_id in batch} == {order.id for order in orders}


def test_locked_orders_are_passed_over_but_not_forgotten(database: Settings) -> None:
    first, second = a_paid_order(), a_paid_order()
    for order in (first, second):
        order.look_again(0)
    locker = psycopg2.connect(database.database_url.get_secret_value())
    with locker, locker.cursor() as cursor:
        cursor.execute("SELECT 1 FROM orders WHERE id = %s FOR UPDATE", (str(first.id),))
        assert claim_due(OrderState.PAID, 1, again=60) == [second.id]
        assert claim_due(OrderState.PAID, 1, again=60) == []
        assert still_due() == 1
    locker.close()
    assert claim_due(OrderState.PAID, 1, again=60) == [first.id]
    assert still_due() == 0


@pytest.mark.parametrize("state", ["paid", "waiting", "ready"])
def test_what_goes_on_by_itself_is_always_due_some_time(database: Settings, state: str) -> None:
    order = a_paid_order()
    with pytest.raises(IntegrityError, match="orders_due"):
        rows("UPDATE orders SET state = %s, due_at = NULL WHERE id = %s RETURNING id", state, order.id)


def test_scheduling_does_nothing_once_the_order_moved(database: Settings) -> None:
    order = a_paid_order()
    stale = again(order)
    order.advance(OrderState.WAITING, actor="test")
    assert not stale.park("late", 5)
    assert not stale.rest()
    assert again(order).hold is None
    assert again(order).due_at is not None


def test_a_hold_ends_when_the_order_goes_on_though_it_does_not_move(database: Settings) -> None:
    order = a_paid_order()
    order.park("insufficient_balance", 60)
    assert order.look_again(5)
    assert again(order).hold == "insufficient_balance"
    assert order.go_on(5)
    assert again(order).hold is None
    assert again(order).due_at is not None


def test_a_hold_ends_with_the_next_move(database: Settings) -> None:
    order = a_paid_order()
    assert order.park("supplier: no balance", 60)
    assert again(order).hold == "supplier: no balance"
    order.advance(OrderState.WAITING, actor="test")
    assert again(order).hold is None


def test_the_first_data_key_stays(database: Settings) -> None:
    order = an_order()
    assert order.use_data_key(b"first") == b"first"
    assert again(order).use_data_key(b"second") == b"first"


def test_what_is_no_order_id_finds_no_order(database: Settings) -> None:
    order = an_order()
    assert Order.find(str(order.id)) == order
    for nothing in ("", "garbage", "0" * 500, str(order.id) + "0", "00000000-0000-0000-0000-000000000000"):
        assert Order.find(nothing) is None


def test_an_order_gets_ready_with_its_data_key(database: Settings) -> None:
    order, _ = a_waiting_order()
    copy = again(order)
    assert order.get_ready(b"wrapped", actor="test") == b"wrapped"
    assert (order.state, bytes(again(order).data_key or b"")) == (OrderState.READY, b"wrapped")
    assert copy.get_ready(b"another", actor="test") == b"wrapped"
    assert (copy.state, _dst(order)) == (OrderState.WAITING, ["created", "paid", "waiting", "ready"])


def test_an_order_without_a_right_to_its_keys_does_not_get_ready(database: Settings) -> None:
    order, _ = a_waiting_order()
    withdraw_right(order.id, who="admin:olga", reason="dispute")
    assert order.get_ready(b"wrapped", actor="test") is None
    assert (again(order).state, again(order).data_key) == (OrderState.WAITING, None)
