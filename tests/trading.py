"""A shop and the suppliers' stand-ins in this process: real sales by the real steps, one call each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actors import workshop
from actors.broker import connect
from actors.encrypt_store import encrypt_store
from actors.finalize import finalize
from actors.notify import notify
from actors.reserve import reserve
from bitloot.settings import load_settings
from bitloot.shop import Shop, open_shop
from db import Order, Product, Purchase, base, purchases_of, put_products
from tests.factories import a_paid_order, again
from tests.waiting import until
from web.standins import StandinsConfig, catalog_rows, start_standins
from web.standins.catalog import CATALOG
from web.standins.kinguin_orders import Item, KinguinOrder
from web.standins.server import RunningStandins

__all__ = ["KINGUIN", "RESERVATIONS", "Trade", "open_trade"]

KINGUIN, RESERVATIONS = "orbit-drifters", "tin-parade"


@dataclass
class Trade:
    shop: Shop
    standins: RunningStandins
    environ: Mapping[str, str]

    def sell(self, *lines: tuple[str, int]) -> Order:
        """Paid, bought, sealed, mailed."""
        return self.go_on(self.buy(*lines))

    def go_on(self, order: Order) -> Order:
        """Every step once; those that have nothing to do do nothing."""
        for step in (reserve, finalize, encrypt_store, notify):
            step(str(order.id))
        with base.scope():
            return again(order)

    def buy(self, *lines: tuple[str, int]) -> Order:
        """Paid and bought; the keys are there and have not been asked for."""
        with base.scope():
            wanted = [
                (Product.get(Product.sku == sku), quantity) for sku, quantity in lines or [(KINGUIN, 1)]
            ]
            order = a_paid_order(*wanted)
            reserve(str(order.id))
            until(lambda: self.standins.shop.floor.later.pending() == 0, what="delivered")
            return again(order)

    def purchase(self, order: Order) -> Purchase:
        with base.scope():
            [purchase] = purchases_of(order)
        return purchase

    def rows(self, sql: str, *values: object) -> None:
        """Tampers with our own books."""
        with base.scope():
            base.rows(f"{sql} RETURNING 1", *values)

    def sell_elsewhere(self, external_id: str | None, sku: str = KINGUIN, quantity: int = 1) -> KinguinOrder:
        """An order at the Kinguin stand-in that this shop did not make."""
        game = next(game for game in CATALOG if game.sku == sku)
        return self.standins.shop.kinguin.place([Item(game, quantity, game.cost, "text")], external_id)


@contextmanager
def open_trade(environ: Mapping[str, str], folder: Path, **config: object) -> Iterator[Trade]:
    """Stand-ins that deliver at once and send no webhooks. No connection is held between two calls."""
    told = StandinsConfig(ledger_dir=folder / "ledger", delivery_seconds=0, webhooks=False, **config)  # type: ignore[arg-type]
    with start_standins(told, port=0) as running:
        full = {
            **environ,
            "NOWPAYMENTS_BASE_URL": running.nowpayments_url,
            "NOWPAYMENTS_API_KEY": told.nowpayments_api_key,
            "NOWPAYMENTS_IPN_SECRET": told.ipn_secret,
            "KINGUIN_BASE_URL": running.kinguin_url,
            "KINGUIN_API_KEY": told.kinguin_api_key,
            "KINGUIN_WEBHOOK_SECRET": told.kinguin_secret,
            "RESERVATIONS_BASE_URL": running.reservations_url,
            "RESERVATIONS_TOKEN_URL": running.reservations_token_url,
            "RESERVATIONS_CLIENT_ID": told.reservations_client_id,
            "RESERVATIONS_CLIENT_SECRET": told.reservations_client_secret,
            "RESERVATIONS_WEBHOOK_SECRET": told.reservations_webhook_secret,
            "SUPPLIER_TIMEOUT": "5",
        }
        settings = load_settings(full)
        shop = open_shop(settings)
        connect(settings)
        workshop.use(shop)
        base.configure(settings, application="tests")
        with base.scope():
            put_products([_product(row) for row in catalog_rows()])
        yield Trade(shop, running, full)
        base.dispose()


def _product(row: Mapping[str, str]) -> dict[str, Any]:
    kept = {name: row[name] for name in ("sku", "name", "price", "currency", "supplier", "supplier_ref")}
    return kept | {"max_cost": row["max_price"], "cost_currency": "eur"}
