"""No key counts before its object was read again; while the store is away, keys wait by their order's row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from actors import workshop
from actors.encrypt_store import encrypt_store
from bitloot.errors import Permanent, Retryable
from bitloot.settings import Settings
from bitloot.shop import Shop
from bitloot.states import OrderState
from bitloot.stores.base import Store
from db import Case, Key, Order
from db.base import now
from tests.actors.conftest import KINGUIN, RESERVATIONS, PaidOrder
from tests.actors.ledger import Bent
from tests.actors.test_encrypt_store import opened
from tests.actors.test_finalize import finalized, waiting
from tests.factories import again
from tests.waiting import until


@pytest.fixture
def ready(paid_order: PaidOrder) -> Order:
    order = waiting(paid_order, (KINGUIN, 2), (RESERVATIONS, 1))
    until(lambda: finalized(order).state is OrderState.READY, what="delivery")
    return again(order)


class Liar:
    """A store that takes every object and shows `shown` of it instead, for the first `times` reads."""

    def __init__(self, store: Store, shown: Callable[[bytes], bytes | None], times: int) -> None:
        self._store, self._shown, self._times = store, shown, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def get(self, name: str) -> bytes:
        self._times -= 1
        data = self._store.get(name)
        shown = self._shown(data) if self._times >= 0 else data
        if shown is None:
            raise Permanent("store: no such object", code="object_missing")
        return shown


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        (lambda _: None, "object_missing"),
        (lambda data: data[: len(data) // 2], "object_differs"),
        (lambda data: bytes(len(data)), "object_differs"),
    ],
)
def test_no_key_counts_before_its_object_was_read_again(
    shop: Shop, ready: Order, shown: Callable[[bytes], bytes | None], code: str
) -> None:
    workshop.use(replace(shop, store=cast(Store, Liar(shop.store, shown, times=1))))
    with pytest.raises(Retryable) as caught:
        encrypt_store(str(ready.id))
    assert caught.value.code == code
    assert (Key.select().count(), again(ready).state) == (1, OrderState.READY)  # the other line's key
    encrypt_store(str(ready.id))
    assert again(ready).state is OrderState.FULFILLED
    assert len(set(opened(shop, ready))) == 3
    assert Case.select().count() == 0


def test_an_object_that_stays_broken_is_a_case_and_no_key(shop: Shop, ready: Order) -> None:
    broken = Liar(shop.store, lambda data: data[:-1], times=1000)
    workshop.use(replace(shop, store=cast(Store, broken)))
    with pytest.raises(Retryable):
        encrypt_store(str(ready.id))
    encrypt_store(str(ready.id))
    assert (Key.select().count(), again(ready).state) == (0, OrderState.READY)
    assert {case.figures["error"] for case in Case.select()} == {"tampered"}
    workshop.use(shop)
    encrypt_store(str(ready.id))
    assert again(ready).state is OrderState.FULFILLED


def test_while_the_store_is_left_alone_keys_wait_by_their_orders_row(
    ready: Order, standin_settings: Settings
) -> None:
    away = {"store": "s3", "s3_endpoint_url": "http://127.0.0.1:9", "s3_bucket": "b", "breaker_pause": 20.0}
    house = workshop.shared_shop(standin_settings.model_copy(update=away))
    for _ in range(house.settings.breaker_threshold):
        house.turnstiles["s3"].report("PUT", None, Retryable("away"))

    def fetched(*_: object) -> None:
        raise AssertionError("a key was fetched that nobody can put away")

    bent: Any = {name: Bent(supplier, fetch_keys=fetched) for name, supplier in house.suppliers.items()}
    workshop.use(replace(house, suppliers=bent))
    encrypt_store(str(ready.id))  # no error: nothing was tried
    assert (Key.select().count(), again(ready).state) == (0, OrderState.READY)
    due = again(ready).due_at
    assert due is not None
    assert 15 < (due - now()).total_seconds() <= 20
