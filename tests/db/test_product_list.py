"""Products are found by part of their names and by either id."""

from __future__ import annotations

from bitloot.settings import Settings
from db.product_list import PRODUCTS
from tests.factories import a_product


def test_products_are_found(database: Settings) -> None:
    game, other = a_product("kinguin"), a_product("reservations", active=False)
    for filters, product in (
        *(({"q": "FROM KING"}, game), ({"q": other.supplier_ref}, other), ({"sku": game.sku}, game)),
        *(({"active": True}, game), ({"active": False}, other), ({"supplier": "reservations"}, other)),
    ):
        assert [row.id for row in PRODUCTS.page(filters, limit=5).rows] == [product.id], filters
