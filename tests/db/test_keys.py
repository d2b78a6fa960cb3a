"""Keys: each once, and the order fulfilled in the commit that brings the last."""

from __future__ import annotations

import dataclasses
import secrets
import threading

from bitloot.settings import Settings
from bitloot.states import OrderState, PurchaseState
from db import Key, Move, Order, Purchase, base, keys_of, store_keys
from db.keys import StoredKey, ids_of, key_id, object_name
from db.rights import withdraw_right
from tests.factories import a_product, a_waiting_order, again
from tests.waiting import until


def stored(order: Order, purchase: Purchase, name: str, fingerprint: str = "") -> StoredKey:
    identity = key_id(purchase, name)
    return StoredKey(
        id=identity,
        supplier_key_id=f"{purchase.supplier_ref}:{name}",
        media_type="text/plain",
        object_name=object_name(order.id, identity),
        object_digest="0" * 64,
        fingerprint=fingerprint or secrets.token_hex(8),
    )


def a_ready_order() -> tuple[Order, list[Purchase]]:
    order, purchases = a_waiting_order((a_product("kinguin"), 2), (a_product("reservations"), 1))
    order.advance(OrderState.READY, actor="test")
    return order, purchases


def test_the_last_key_fulfils_the_order_in_its_commit(database: Settings) -> None:
    order, (two, one) = a_ready_order()
    assert not store_keys(
        order, two, [stored(order, two, "a"), stored(order, two, "b")], actor="test"
    ).fulfilled
    assert two.state is PurchaseState.STORED
    assert store_keys(order, one, [stored(order, one, "c")], actor="test").fulfilled
    assert again(order).state is OrderState.FULFILLED
    assert [key.line.position for key in keys_of(order.id)] == [1, 1, 2]
    assert Move.get(Move.dst == "fulfilled").data == {"keys": 3}


def test_some_keys_make_the_purchase_partial(database: Settings) -> None:
    order, (two, _) = a_ready_order()
    assert not store_keys(order, two, [stored(order, two, "a")], actor="test").fulfilled
    assert (two.state, two.keys_stored) == (PurchaseState.PARTIAL, 1)
    assert again(order).state is OrderState.READY


def test_the_same_key_twice_is_one_row(database: Settings) -> None:
    order, (two, _) = a_ready_order()
    for _ in range(3):
        store_keys(order, Purchase.get_by_id(two.id), [stored(order, two, "a")], actor="test")
    assert Key.select().count() == 1
    assert Purchase.get_by_id(two.id).state is PurchaseState.PARTIAL


def test_two_runs_at_once_fulfil_once(database: Settings) -> None:
    order, (two, one) = a_ready_order()
    store_keys(order, two, [stored(order, two, "a"), stored(order, two, "b")], actor="test")
    won: list[bool] = []
    start = threading.Barrier(4)

    def run() -> None:
        with base.scope():
            copy, purchase = again(order), Purchase.get_by_id(one.id)
            start.wait()
            won.append(store_keys(copy, purchase, [stored(copy, purchase, "c")], actor="test").fulfilled)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False, False, False, True]
    assert Key.select().count() == 3
    assert Move.select().where(Move.dst == "fulfilled").count() == 1


def test_a_key_that_another_order_has_is_noticed(database: Settings) -> None:
    first, (one, _) = a_ready_order()
    second, (other, _) = a_ready_order()
    store_keys(first, one, [stored(first, one, "a", fingerprint="same")], actor="test")
    kept = store_keys(second, other, [stored(second, other, "a", fingerprint="same")], actor="test")
    assert kept.twin == first.id
    assert store_keys(second, other, [stored(second, other, "b")], actor="test").twin is None


def test_a_code_that_one_order_got_twice_is_noticed(database: Settings) -> None:
    """Under two ids at once, and of another line later; the same key once more is none."""
    order, (two, one) = a_ready_order()
    given = [stored(order, two, name, fingerprint="same") for name in "ab"]
    assert store_keys(order, two, given, actor="test").twin == order.id
    alone = stored(order, one, "c", fingerprint="other")
    assert store_keys(order, one, [alone], actor="test").twin is None
    assert store_keys(order, one, [alone], actor="test").twin is None
    assert (
        store_keys(order, one, [stored(order, one, "d", fingerprint="same")], actor="test").twin == order.id
    )


def test_a_key_that_another_purchase_has_is_told_not_swallowed(database: Settings) -> None:
    first, (one, _) = a_ready_order()
    second, (other, _) = a_ready_order()
    store_keys(first, one, [stored(first, one, "a")], actor="test")
    again_sold = dataclasses.replace(
        stored(second, other, "a"), supplier_key_id=stored(first, one, "a").supplier_key_id
    )
    kept = store_keys(second, other, [again_sold], actor="test")
    assert (kept.taken, kept.fulfilled) == (1, False)
    assert Key.select().where(Key.purchase == other.id).count() == 0
    assert ids_of(one) == {f"{one.supplier_ref}:a"}


def test_keys_of_a_purchase_that_ended_move_nothing(database: Settings) -> None:
    order, (two, _) = a_ready_order()
    two.advance(PurchaseState.FAILED)
    store_keys(order, two, [stored(order, two, "a"), stored(order, two, "b")], actor="test")
    assert Purchase.get_by_id(two.id).state is PurchaseState.FAILED
    assert again(order).state is OrderState.READY


def doomed() -> set[str]:
    return {name for (name,) in base.rows("SELECT object_name FROM doomed_objects")}


def waits_for_a_lock() -> bool:
    """Whether somebody in this database does; a transaction would see who did when it first looked."""
    base.rows("SELECT pg_stat_clear_snapshot()")
    found = base.rows(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return bool(found)


def test_what_is_stored_while_the_right_is_withdrawn_is_doomed_and_brings_no_data_key_back(
    database: Settings,
) -> None:
    order, (two, _) = a_ready_order()
    order.use_data_key(b"wrapped")
    late = [stored(order, two, "a"), stored(order, two, "b")]
    given: list[bytes | None] = []

    def keep() -> None:
        with base.scope():
            store_keys(order, two, late, actor="test")
            given.append(Order.get_by_id(order.id).use_data_key(b"another"))

    beside = threading.Thread(target=keep)
    with base.transaction():
        assert withdraw_right(order.id, who="admin:olga", reason="dispute")
        beside.start()
        until(waits_for_a_lock, what="the keys that come late")
    beside.join()
    assert keys_of(order.id) == []
    assert doomed() == {item.object_name for item in late}
    assert (given, again(order).data_key) == ([None], None)


def test_what_is_stored_a_moment_before_goes_with_the_right(database: Settings) -> None:
    order, (two, _) = a_ready_order()
    early = stored(order, two, "a")

    def withdraw() -> None:
        with base.scope():
            withdraw_right(order.id, who="admin:olga", reason="dispute")

    beside = threading.Thread(target=withdraw)
    with base.transaction():
        store_keys(order, two, [early], actor="test")
        beside.start()
        until(waits_for_a_lock, what="the withdrawal")
    beside.join()
    assert doomed() == {early.object_name}
