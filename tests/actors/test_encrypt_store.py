"""encrypt_store: keys are fetched, sealed and stored, each once; plaintext is nowhere."""

from __future__ import annotations

import base64
import threading
from pathlib import Path
from typing import Any

import pytest
import requests

from actors.clear import clear
from actors.encrypt_store import encrypt_store
from actors.notify import notify
from actors.step import FUNCTIONS
from bitloot.errors import BitLootError, Retryable
from bitloot.shop import Shop
from bitloot.states import OrderState, PurchaseState
from db import Case, Job, Key, Move, Order, Product, Purchase, base, keys_of, purchases_of, store_keys
from db.keys import key_label, order_context
from db.rights import withdraw_right
from tests.actors.conftest import KINGUIN, RESERVATIONS, PaidOrder, Queued, fault
from tests.actors.test_finalize import finalized, waiting
from tests.factories import again
from tests.waiting import until
from web.standins.ledger import plaintext_keys
from web.standins.server import RunningStandins


@pytest.fixture
def ready(paid_order: PaidOrder) -> Order:
    order = waiting(paid_order, (KINGUIN, 2), (RESERVATIONS, 1))
    until(lambda: finalized(order).state is OrderState.READY, what="delivery")
    return again(order)


def opened(shop: Shop, order: Order) -> list[str]:
    """The order's keys in plaintext, as a reveal would open them."""
    data_key = bytes(again(order).data_key or b"")
    return [
        shop.vault.open(
            data_key, order_context(order.id), key_label(key.line_id, key.id), shop.store.get(key.object_name)
        ).decode()
        for key in keys_of(order.id)
    ]


def test_every_key_is_sealed_stored_and_opens_again(
    shop: Shop, ready: Order, queued: Queued, standins: RunningStandins
) -> None:
    encrypt_store(str(ready.id))
    assert again(ready).state is OrderState.FULFILLED
    assert sorted(opened(shop, ready)) == sorted(plaintext_keys(standins.shop.config.ledger_dir))
    assert queued(notify) == [str(ready.id)]


def test_plaintext_lies_neither_in_the_store_nor_in_the_database(
    shop: Shop, ready: Order, standins: RunningStandins
) -> None:
    encrypt_store(str(ready.id))
    keys = plaintext_keys(standins.shop.config.ledger_dir)
    assert len(keys) == 3
    tables = [row[0] for row in base.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    database = "".join(str(base.rows(f'SELECT t::text FROM "{table}" t')) for table in tables)
    files = [path for path in Path(shop.settings.store_directory).rglob("*") if path.is_file()]
    assert len(files) == 3
    stored = b"".join(path.read_bytes() for path in files)
    for key in keys:
        for form in (key, key.encode().hex(), base64.b64encode(key.encode()).decode(), key[::-1]):
            assert form not in database
            assert form.encode() not in stored


def test_run_three_times_it_stores_once(shop: Shop, ready: Order, queued: Queued) -> None:
    for _ in range(3):
        encrypt_store(str(ready.id))
    assert Key.select().count() == 3
    assert again(ready).state is OrderState.FULFILLED


def test_run_by_four_workers_at_once_it_stores_once(shop: Shop, ready: Order) -> None:
    start = threading.Barrier(4)
    errors: list[BaseException] = []

    def work() -> None:
        start.wait()
        try:
            encrypt_store(str(ready.id))
        except BitLootError as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert Key.select().count() == 3
    assert len(set(opened(shop, ready))) == 3
    assert again(ready).state is OrderState.FULFILLED


def test_a_run_that_died_after_the_put_is_finished_by_the_next(shop: Shop, ready: Order) -> None:
    encrypt_store(str(ready.id))
    Key.delete().execute()  # as if the process had died between the put and the commit
    base.rows("UPDATE purchases SET state = 'waiting', keys_stored = 0 RETURNING id")
    base.rows("UPDATE orders SET state = 'ready' RETURNING id")
    encrypt_store(str(ready.id))
    assert again(ready).state is OrderState.FULFILLED
    assert len(set(opened(shop, ready))) == 3


def test_a_run_that_died_before_the_hand_on_is_finished_by_the_next(ready: Order, queued: Queued) -> None:
    encrypt_store(str(ready.id))
    queued(notify)
    base.rows("UPDATE orders SET state = 'ready' RETURNING id")  # all stored, the order not moved
    encrypt_store(str(ready.id))
    assert again(ready).state is OrderState.FULFILLED
    assert queued(notify) == [str(ready.id)]


def test_a_foreign_object_under_the_keys_name_stops_the_order(shop: Shop, ready: Order) -> None:
    encrypt_store(str(ready.id))
    one, two = keys_of(ready.id)[:2]
    other = shop.store.get(two.object_name)
    shop.store.delete(one.object_name)
    shop.store.put_once(one.object_name, other)
    Key.delete().where(Key.id == one.id).execute()
    base.rows("UPDATE purchases SET state = 'waiting' WHERE id = %s RETURNING id", one.purchase_id)
    base.rows("UPDATE orders SET state = 'ready' RETURNING id")
    encrypt_store(str(ready.id))
    assert again(ready).state is OrderState.READY
    assert (Case.get().kind, Case.get().figures["error"]) == ("keys_not_to_be_had", "tampered")


def test_a_key_that_is_put_away_as_its_right_ends_is_deleted_and_never_counts(
    shop: Shop, ready: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_once = shop.store.put_once

    def revoked_meanwhile(name: str, data: bytes) -> bool:
        withdraw_right(ready.id, who="admin:olga", reason="dispute")
        return put_once(name, data)

    monkeypatch.setattr(shop.store, "put_once", revoked_meanwhile)
    encrypt_store(str(ready.id))
    encrypt_store(str(ready.id))  # nothing is sealed anew under a right that is gone
    clear()
    assert keys_of(ready.id) == []
    assert not list(Path(shop.settings.store_directory).rglob("*.sealed"))
    assert again(ready).data_key is None


def test_keys_that_the_supplier_refuses_are_a_case_and_hold_no_other_line_up(
    ready: Order, standins: RunningStandins, queued: Queued
) -> None:
    fault(standins, "kinguin.read_keys", "status", status=400, body="{}", count=None)
    for _ in range(3):
        encrypt_store(str(ready.id))
    assert again(ready).state is OrderState.READY
    assert [item.state for item in purchases_of(ready)] == [PurchaseState.WAITING, PurchaseState.STORED]
    assert Case.select().count() == 1
    assert Case.get().kind == "keys_not_to_be_had"
    assert Job.select().count() == 0
    requests.delete(f"{standins.control_url}/faults", timeout=10)
    encrypt_store(str(ready.id))
    assert again(ready).state is OrderState.FULFILLED


def test_keys_that_are_late_are_looked_for_again(ready: Order, standins: RunningStandins) -> None:
    fault(standins, "kinguin.read_keys", "status", status=200, body="[]", content_type="application/json")
    encrypt_store(str(ready.id))
    assert again(ready).state is OrderState.READY
    assert again(ready).due_at is not None
    assert Case.select().count() == 0
    base.rows("UPDATE orders SET moved_at = now() - interval '2 hours' RETURNING id")
    fault(standins, "kinguin.read_keys", "status", status=200, body="[]", content_type="application/json")
    encrypt_store(str(ready.id))
    assert Case.get().figures["error"] == "keys_missing"
    encrypt_store(str(ready.id))
    assert again(ready).state is OrderState.FULFILLED


def test_a_waiting_order_whose_keys_are_all_there_needs_nobody_to_ask_for_its_status(
    shop: Shop, paid_order: PaidOrder, queued: Queued
) -> None:
    order = waiting(paid_order, (RESERVATIONS, 2))
    encrypt_store(str(order.id))
    assert [move.dst for move in Move.select().order_by(Move.id)][-2:] == ["ready", "fulfilled"]
    assert purchases_of(order)[0].supplier_status == "delivered"
    assert len(set(opened(shop, order))) == 2
    assert queued(notify) == [str(order.id)]


def test_a_waiting_order_of_which_nothing_is_there_yet_waits_on(
    paid_order: PaidOrder, standins: RunningStandins
) -> None:
    standins.configure(delivery_seconds=600)
    order = waiting(paid_order, (RESERVATIONS, 1))
    encrypt_store(str(order.id))
    assert (again(order).state, again(order).due_at is not None) == (OrderState.WAITING, True)


def test_keys_are_stored_as_they_come(shop: Shop, paid_order: PaidOrder, standins: RunningStandins) -> None:
    order = waiting(paid_order, (KINGUIN, 1))
    until(lambda: finalized(order).state is OrderState.READY, what="delivery")
    base.rows("UPDATE purchases SET keys_expected = 2 RETURNING id")  # the supplier still owes one
    base.rows("UPDATE orders SET state = 'waiting' RETURNING id")
    encrypt_store(str(order.id))
    assert purchases_of(order)[0].state is PurchaseState.PARTIAL
    assert again(order).state is OrderState.WAITING
    assert len(opened(shop, order)) == 1


def test_a_picture_is_sealed_as_its_bytes(
    shop: Shop, catalog: dict[str, Product], paid_order: PaidOrder
) -> None:
    Product.update(text_only=False).where(Product.sku == "paper-lanterns").execute()
    catalog["paper-lanterns"] = Product.get(Product.sku == "paper-lanterns")
    order = waiting(paid_order, ("paper-lanterns", 1))
    until(lambda: finalized(order).state is OrderState.READY, what="delivery")
    encrypt_store(str(order.id))
    key = keys_of(order.id)[0]
    assert key.media_type.startswith("image/")
    data_key = bytes(again(order).data_key or b"")
    label = key_label(key.line_id, key.id)
    picture = shop.vault.open(data_key, order_context(order.id), label, shop.store.get(key.object_name))
    assert picture[:4] in {b"\x89PNG", b"GIF8", b"\xff\xd8\xff\xe0"}


def test_a_key_that_was_sold_before_is_a_case(shop: Shop, ready: Order, paid_order: PaidOrder) -> None:
    encrypt_store(str(ready.id))
    sold = keys_of(ready.id)[0]
    order = waiting(paid_order, (KINGUIN, 1))
    until(lambda: finalized(order).state is OrderState.READY, what="delivery")
    purchase: Purchase = purchases_of(order)[0]
    fetched = shop.suppliers["kinguin"].fetch_keys(purchase.supplier_ref or "", 1).keys[0]
    print_of = shop.vault.fingerprint(fetched.content)
    base.rows("UPDATE keys SET fingerprint = %s WHERE id = %s RETURNING id", print_of, sold.id)
    encrypt_store(str(order.id))
    assert Case.get().kind == "duplicate_key"


def test_a_key_that_another_order_stores_at_the_same_time_is_a_case(
    ready: Order, paid_order: PaidOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypt_store(str(ready.id))
    rival = keys_of(ready.id)[0]

    def beside_a_rival(order: Order, purchase: Purchase, stored: Any, *, actor: str) -> Any:
        for item in stored:
            base.rows(
                "UPDATE keys SET fingerprint = %s WHERE id = %s RETURNING id", item.fingerprint, rival.id
            )
        return store_keys(order, purchase, stored, actor=actor)

    order = waiting(paid_order, (KINGUIN, 1))
    until(lambda: finalized(order).state is OrderState.READY, what="delivery")
    monkeypatch.setitem(FUNCTIONS["encrypt_store"].__globals__, "store_keys", beside_a_rival)
    encrypt_store(str(order.id))
    assert Case.get().kind == "duplicate_key"


def test_an_order_that_is_not_bought_is_left_alone(paid_order: PaidOrder) -> None:
    order = paid_order()
    encrypt_store(str(order.id))
    encrypt_store("00000000-0000-0000-0000-000000000000")
    assert again(order).state is OrderState.PAID
    assert again(order).data_key is None


def test_a_line_that_cannot_be_asked_now_holds_no_other_line_up(
    ready: Order, standins: RunningStandins
) -> None:
    fault(standins, "kinguin.read_keys", "status", status=503)
    with pytest.raises(Retryable):
        encrypt_store(str(ready.id))
    assert [item.state for item in purchases_of(ready)] == [PurchaseState.WAITING, PurchaseState.STORED]
    encrypt_store(str(ready.id))
    assert again(ready).state is OrderState.FULFILLED


def test_a_supplier_that_was_switched_off_keeps_the_others_going(ready: Order) -> None:
    base.rows("UPDATE purchases SET supplier = 'gone' WHERE supplier = 'kinguin' RETURNING id")
    encrypt_store(str(ready.id))  # a refused account is waited for by the row
    assert [item.state for item in purchases_of(ready)] == [PurchaseState.WAITING, PurchaseState.STORED]


@pytest.mark.parametrize("state", ["paid", "failed"])
def test_keys_of_a_bought_line_are_kept_while_another_line_is_not(ready: Order, state: str) -> None:
    base.rows("UPDATE orders SET state = %s RETURNING id", state)
    base.rows("UPDATE purchases SET state = 'manual' WHERE supplier = 'kinguin' RETURNING id")
    due = again(ready).due_at
    encrypt_store(str(ready.id))
    assert [item.state for item in purchases_of(ready)] == [PurchaseState.MANUAL, PurchaseState.STORED]
    assert (again(ready).state, again(ready).due_at) == (OrderState(state), due)
