"""The catalog: added or changed by sku, all or none."""

from __future__ import annotations

from decimal import Decimal

import pytest
from peewee import IntegrityError

from bitloot.settings import Settings
from db import Product, active_products, put_products
from tests.factories import a_product


def test_a_known_sku_is_changed_and_keeps_its_id(database: Settings) -> None:
    first = a_product(price=Decimal("20.00"))
    second = a_product(price=Decimal("21.00"), name="New name")
    assert first.id == second.id
    assert (second.price, second.name) == (Decimal("21.00"), "New name")


def test_all_or_none(database: Settings) -> None:
    good = {
        "sku": "good",
        "name": "G",
        "price": Decimal(1),
        "currency": "eur",
        "supplier": "kinguin",
        "supplier_ref": "g",
        "max_cost": Decimal(1),
        "cost_currency": "eur",
    }
    with pytest.raises(IntegrityError):
        put_products([good, good | {"sku": "free", "price": Decimal(0)}])
    assert Product.select().count() == 0


def test_only_active_products_are_sold(database: Settings) -> None:
    sold, gone = a_product(sku="sold"), a_product(sku="gone", active=False)
    assert list(active_products([sold.id, gone.id])) == [sold.id]
