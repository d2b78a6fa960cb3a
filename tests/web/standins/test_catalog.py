"""The made-up catalog."""

from __future__ import annotations

from decimal import Decimal

from web.standins import CATALOG, catalog_rows
from web.standins.catalog import game_at


def test_rows_have_what_the_shops_catalog_takes() -> None:
    for row in catalog_rows():
        assert set(row) == {"sku", "name", "price", "currency", "supplier", "supplier_ref", "max_price"}
        assert Decimal(row["max_price"]) < Decimal(row["price"])


def test_skus_references_and_offers_are_unique() -> None:
    for values in (
        [game.sku for game in CATALOG],
        [(game.supplier, game.supplier_ref) for game in CATALOG],
        [game.offer_id for game in CATALOG],
    ):
        assert len(set(values)) == len(CATALOG)


def test_both_suppliers_sell_and_have_something_out_of_stock() -> None:
    for supplier in ("kinguin", "reservations"):
        stocks = [game.stock for game in CATALOG if game.supplier == supplier]
        assert 0 in stocks
        assert max(stocks) > 1000
    assert any(game.picture for game in CATALOG)


def test_a_game_is_found_by_text_or_number_at_its_own_supplier_only() -> None:
    game = CATALOG[0]
    assert game_at("kinguin", game.supplier_ref) is game_at("kinguin", game.kinguin_id) is game
    assert game_at("reservations", game.supplier_ref) is None
    assert game_at("reservations", 0) is None
