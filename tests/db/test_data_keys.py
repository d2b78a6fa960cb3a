"""Data keys wrapped anew: all of them, while others sell, and never one that is gone."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from bitloot.mail.base import Letter as Rendered
from bitloot.settings import Settings
from bitloot.vault import Vault
from db import Letter, Notice, Order, base, keep_letter, keep_notice, open_notice, seal_notice
from db.data_keys import WRAPPED, rewrap, under_master_keys
from db.keys import order_context
from tests.factories import a_product, again, an_order
from tests.waiting import until

OLD, BOTH, NEW = Vault({1: b"1" * 32}), Vault({2: b"2" * 32, 1: b"1" * 32}), Vault({2: b"2" * 32})

Sealed = Callable[[Order], bytes]


def sell(vault: Vault, order: Order) -> bytes:
    """A data key of the order's own, a letter and a notice; the sealed key."""
    context = order_context(order.id)
    wrapped = order.use_data_key(vault.new_data_key(context))
    assert wrapped is not None
    rendered = Rendered("buyer@example.test", "shop@example.test", "Keys", "a link", "<a>a link</a>")
    assert keep_letter(vault, order.id, "keys_ready", rendered)
    notice = seal_notice(
        vault,
        source="kinguin",
        event="order.status",
        external_id=None,
        digest=uuid.uuid4().hex,
        proof="secret",
        headers={},
        body=b"{}",
        address="",
    )
    keep_notice(notice, order.id, "kept")
    return vault.seal(wrapped, context, "line:1", order.id.bytes)


def opens(vault: Vault, order: Order, sealed: bytes) -> bool:
    """Key, letter and notice, with this vault alone."""
    key = vault.open(bytes(again(order).data_key or b""), order_context(order.id), "line:1", sealed)
    letter = Letter.get(Letter.order == order.id).open(vault, "shop@example.test")
    return key == order.id.bytes and letter.text == "a link" and notices_open(vault, order)


def notices_open(vault: Vault, order: Order) -> bool:
    return open_notice(vault, Notice.get(Notice.order == order.id)) == ({}, b"{}")


def test_every_table_with_a_data_key_takes_part(database: Settings) -> None:
    found = base.rows(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'data_key' AND table_schema = 'public'"
    )
    assert {row[0] for row in found} == {holder.table for holder in WRAPPED}


def test_all_data_keys_move_and_the_sealed_bytes_stay(database: Settings) -> None:
    product = a_product()
    orders = [an_order((product, 1)) for _ in range(5)]
    sealed = [sell(OLD, order) for order in orders]
    assert under_master_keys() == {1: 15}
    batches = list(rewrap(BOTH, batch=2))
    assert [(item.table, item.moved) for item in batches if item.table == "orders"] == [
        ("orders", 2),
        ("orders", 2),
        ("orders", 1),
    ]
    assert under_master_keys() == {2: 15}
    assert all(opens(NEW, order, blob) for order, blob in zip(orders, sealed, strict=True))
    assert list(rewrap(BOTH)) == []


def test_whoever_is_stopped_goes_on_where_it_was(database: Settings) -> None:
    product = a_product()
    for _ in range(4):
        sell(OLD, an_order((product, 1)))
    stopped = rewrap(BOTH, batch=3)
    next(stopped)
    del stopped
    assert under_master_keys() == {2: 3, 1: 9}
    assert sum(item.moved for item in rewrap(BOTH, batch=3)) == 9


def test_a_data_key_that_was_destroyed_meanwhile_stays_destroyed(database: Settings) -> None:
    order = an_order()
    sell(OLD, order)

    class Late(Vault):
        """Somebody destroys the key while it is being wrapped."""

        def rewrap(self, wrapped: bytes, context: str) -> bytes:
            base.rows("UPDATE orders SET data_key = NULL WHERE id = %s RETURNING 1", order.id)
            return super().rewrap(wrapped, context)

    first = next(rewrap(Late({2: b"2" * 32, 1: b"1" * 32})))
    assert (first.table, first.moved, first.busy) == ("orders", 0, 1)
    assert again(order).data_key is None


def test_a_row_that_is_being_written_is_left_and_not_waited_for(database: Settings) -> None:
    order = an_order()
    sell(OLD, order)
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with base.scope(), base.transaction():
            base.rows("SELECT 1 FROM orders WHERE id = %s FOR UPDATE", order.id)
            locked.set()
            done.wait(10)

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold)
        assert locked.wait(10)
        assert {item.table: item.busy for item in rewrap(BOTH)} == {"orders": 1, "letters": 0, "notices": 0}
        done.set()
        held.result()
    assert [(item.table, item.moved) for item in rewrap(BOTH)] == [("orders", 1)]


def test_a_data_key_that_does_not_open_is_named_and_holds_nothing_up(database: Settings) -> None:
    product = a_product()
    broken, sound = an_order((product, 1)), an_order((product, 1))
    for order in (broken, sound):
        sell(OLD, order)
    other = OLD.new_data_key(order_context(sound.id))
    base.rows("UPDATE orders SET data_key = %s WHERE id = %s RETURNING 1", other, broken.id)
    batches = {item.table: item for item in rewrap(BOTH)}
    assert (batches["orders"].broken, batches["orders"].moved) == ([str(broken.id)], 1)
    assert under_master_keys() == {2: 5, 1: 1}


def test_a_rotation_beside_sales_loses_nothing(database: Settings) -> None:
    """Sellers still hold the old configuration for half of the time; all keys are read by the new one alone."""
    product = a_product()
    sold: list[tuple[Order, bytes]] = []
    halfway = threading.Event()

    def seller() -> None:
        with base.scope():
            for number in range(30):
                vault = OLD if number < 15 else BOTH
                order = an_order((product, 1))
                sold.append((order, sell(vault, order)))
                if number == 15:
                    halfway.set()

    with ThreadPoolExecutor(3) as pool:
        sellers = [pool.submit(seller) for _ in range(3)]
        assert halfway.wait(30)
        beside = sum(item.moved for item in rewrap(BOTH, batch=7))
        for one in sellers:
            one.result()
    assert beside > 0
    until(lambda: not list(rewrap(BOTH)), what="a round that finds nothing")
    assert len(sold) == 90
    assert under_master_keys() == {2: 270}
    assert all(opens(NEW, order, blob) for order, blob in sold)
