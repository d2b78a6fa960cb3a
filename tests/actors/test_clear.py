"""Clean-up: what is refunded or old is destroyed at once, and deleted as the store allows."""

from __future__ import annotations

import pytest

from actors.clear import clear, withdraw_ended
from actors.sweep import sweep_once
from bitloot.errors import Retryable, UnsafeSettings
from bitloot.shop import Shop
from bitloot.states import OrderState
from db import AccessRecord, Order, base
from db.rights import right_of
from db.tries import count_try
from tests.actors.conftest import Queued
from tests.web.cast import fulfilled_order, sealed_objects


def objects_of(shop: Shop, *orders: Order) -> int:
    return sum(shop.store.exists(name) for order in orders for name in sealed_objects(order))


def age(order: Order, days: int) -> None:
    base.rows(
        f"UPDATE orders SET moved_at = now() - interval '{days} days' WHERE id = %s RETURNING 1", order.id
    )


def test_a_refunded_order_loses_its_data_key_and_its_objects(shop: Shop, queued: Queued) -> None:
    order, other = fulfilled_order(shop, b"AAAAA-1", b"AAAAA-2"), fulfilled_order(shop, b"BBBBB-1")
    order.advance(OrderState.REFUNDED, actor="test")
    assert sweep_once()["withdrawn"] == 1
    assert queued(clear) == [""]
    clear()
    assert (objects_of(shop, order), objects_of(shop, other)) == (0, 1)
    assert Order.get_by_id(order.id).data_key is None
    [record] = AccessRecord.select().where(AccessRecord.action == "revoke")
    assert (record.order and record.order.id, record.actor, record.details) == (
        order.id,
        "sweep",
        {"reason": "refunded"},
    )
    assert "withdrawn" not in sweep_once()


def test_keys_are_kept_for_as_long_as_the_setting_says(shop: Shop) -> None:
    old, young = fulfilled_order(shop, b"AAAAA-1"), fulfilled_order(shop, b"BBBBB-1")
    age(old, 366)
    age(young, 364)
    assert withdraw_ended(shop.settings.retention_days, 10) == 1
    clear()
    assert (objects_of(shop, old), objects_of(shop, young)) == (0, 1)
    assert right_of(old.id).withdrawn == "expired"


def test_a_deletion_that_fails_does_not_stop_the_others_and_is_tried_again(shop: Shop) -> None:
    orders = [fulfilled_order(shop, code) for code in (b"AAAAA-1", b"BBBBB-1", b"CCCCC-1")]
    stubborn = sealed_objects(orders[1])[0]
    for order in orders:
        age(order, 400)

    class Stubborn(type(shop.store)):  # type: ignore[misc]
        def delete(self, name: str) -> None:
            if name == stubborn:
                raise Retryable("store: away", code="away")
            super().delete(name)

    kind = shop.store.__class__
    shop.store.__class__ = Stubborn
    withdraw_ended(365, 10)
    clear()
    assert objects_of(shop, *orders) == 1
    shop.store.__class__ = kind
    clear()
    assert objects_of(shop, *orders) == 1  # it rests first
    base.rows("UPDATE doomed_objects SET due_at = now() RETURNING 1")
    clear()
    assert objects_of(shop, *orders) == 0
    assert base.rows("SELECT count(*) FROM doomed_objects") == [(0,)]


def test_no_key_is_destroyed_that_the_records_do_not_tell_of(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = fulfilled_order(shop, b"AAAAA-1")
    order.advance(OrderState.REFUNDED, actor="test")
    monkeypatch.setattr("db.base._audit_keys", None)
    monkeypatch.setattr("db.base._settings", None)  # the record cannot be written
    with pytest.raises(UnsafeSettings):
        withdraw_ended(365, 10)
    assert Order.get_by_id(order.id).data_key is not None
    assert right_of(order.id).withdrawn is None


def test_counts_of_tries_that_are_over_go_with_every_sweep(shop: Shop) -> None:
    count_try("address:2001:db8::/64", 60, 60)
    base.rows("UPDATE tries SET began = now() - interval '2 days' RETURNING 1")
    sweep_once()
    assert base.rows("SELECT count(*) FROM tries") == [(0,)]
