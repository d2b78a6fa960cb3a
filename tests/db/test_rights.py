"""The right to an order's keys: counted, given anew, withdrawn together with the data key."""

from __future__ import annotations

import threading
import uuid

from bitloot.settings import Settings
from bitloot.states import OrderState
from db import Order, base
from db.rights import (
    Right,
    claim_doomed,
    forget_doomed,
    give_right_anew,
    orders_to_clear,
    renew_reveals,
    right_of,
    spend_reveal,
    withdraw_right,
)
from tests.factories import a_waiting_order, again


def an_order_with_keys(count: int = 2) -> Order:
    order, [purchase] = a_waiting_order()
    order.advance(OrderState.READY, actor="test")
    order.advance(OrderState.FULFILLED, actor="test")
    order.use_data_key(b"wrapped")
    for number in range(count):
        base.rows(
            "INSERT INTO keys SELECT gen_random_uuid(), %s, %s, %s, 's', %s, 'text/plain', %s, '', '', now()"
            " RETURNING 1",
            *(order.id, purchase.line_id, purchase.id, f"{order.id}-{number}", f"orders/{order.id}/{number}"),
        )
    return order


def test_reveals_are_counted_up_to_the_limit(database: Settings) -> None:
    order = an_order_with_keys()
    assert right_of(order.id) == Right(1, 0, None, 2)
    assert [spend_reveal(order.id, 1, 2) for _ in range(4)] == [True, True, False, False]
    renew_reveals(order.id)
    assert spend_reveal(order.id, 1, 2)


def test_of_many_at_once_no_more_than_the_limit_pass(database: Settings) -> None:
    order = an_order_with_keys()
    passed: list[bool] = []

    def look() -> None:
        with base.scope():
            passed.append(spend_reveal(order.id, 1, 3))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passed) == [False] * 5 + [True] * 3


def test_a_right_given_anew_ends_the_one_before(database: Settings) -> None:
    order = an_order_with_keys()
    assert spend_reveal(order.id, 1, 1)
    assert give_right_anew(order.id) == 2
    assert not spend_reveal(order.id, 1, 9)
    assert spend_reveal(order.id, 2, 1)
    assert not spend_reveal(uuid.uuid4(), 2, 9)
    assert give_right_anew(order.id) == 3


def test_a_withdrawn_right_takes_the_data_key_with_it(database: Settings) -> None:
    order, other = an_order_with_keys(), an_order_with_keys()
    assert withdraw_right(order.id, who="admin:olga", reason="dispute")
    assert (again(order).data_key, bytes(again(other).data_key or b"")) == (None, b"wrapped")
    assert right_of(order.id).withdrawn == "dispute"
    assert not spend_reveal(order.id, 1, 9)
    assert give_right_anew(order.id) is None
    assert not withdraw_right(order.id, who="admin:olga", reason="again")
    assert right_of(order.id).withdrawn == "dispute"
    doomed = claim_doomed(10, 60)
    assert {item.object_name for item in doomed} == {f"orders/{order.id}/{number}" for number in range(2)}


def test_an_object_that_stays_comes_again_later_and_one_that_went_does_not(database: Settings) -> None:
    order = an_order_with_keys()
    withdraw_right(order.id, who="sweep", reason="expired")
    first, second = claim_doomed(10, 60)
    assert claim_doomed(10, 60) == []
    forget_doomed([first.object_name])
    base.rows("UPDATE doomed_objects SET due_at = now() RETURNING 1")
    [left] = claim_doomed(10, 60)
    assert (left.object_name, left.tries) == (second.object_name, 1)


def test_old_and_refunded_orders_are_to_be_cleared(database: Settings) -> None:
    young, old, refunded = an_order_with_keys(), an_order_with_keys(), an_order_with_keys()
    base.rows("UPDATE orders SET moved_at = now() - interval '31 days' WHERE id = %s RETURNING 1", old.id)
    refunded.advance(OrderState.REFUNDED, actor="test")
    found = dict(orders_to_clear(30, 10))
    assert found == {old.id: "expired", refunded.id: "refunded"}
    assert young.id not in found
