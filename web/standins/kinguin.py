"""Kinguin's eCommerce API as documented (PROVIDERS.md §1)."""

from __future__ import annotations

from typing import Any, ClassVar

import falcon
from falcon import Request, Response

from web.standins.answers import say
from web.standins.catalog import CATALOG, Game, game_at
from web.standins.kinguin_buying import Keys, Orders, PlaceOrder, ReadOrder, ReturnKeys
from web.standins.kinguin_door import PREFIX, Keyed, error, page
from web.standins.kinguin_orders import KinguinOrders
from web.standins.kinguin_shapes import product_shape

__all__ = ["add_routes"]

_LISTS = {
    "regions": [{"id": 1, "name": "Europe"}, {"id": 3, "name": "Region free"}],
    "platforms": ["GOG", "Steam", "Xbox"],
    "genres": ["Adventure", "Strategy"],
}


def add_routes(app: falcon.App[Any, Any], orders: KinguinOrders) -> None:
    app.add_route(f"{PREFIX}/v1/products", Products(orders))
    app.add_route(f"{PREFIX}/v1/products/{{ref}}", Product(orders, number=True))
    app.add_route(f"{PREFIX}/v2/products/{{ref}}", Product(orders, number=False))
    app.add_route(f"{PREFIX}/v1/order", Orders(orders, field="kinguinId"))
    app.add_route(f"{PREFIX}/v2/order", PlaceOrder(orders, field="productId"))
    app.add_route(f"{PREFIX}/v1/order/{{order_id}}", ReadOrder(orders))
    app.add_route(f"{PREFIX}/v2/order/{{order_id}}/keys", Keys(orders))
    app.add_route(f"{PREFIX}/v2/order/{{order_id}}/keys/return", ReturnKeys(orders))
    app.add_route(f"{PREFIX}/v1/balance", Balance(orders))
    for name in _LISTS:
        app.add_route(f"{PREFIX}/v1/{name}", Named(orders, name))


class Products(Keyed):
    points: ClassVar = {"GET": "kinguin.products"}

    def on_get(self, req: Request, resp: Response) -> None:
        self.admit(req)
        wanted = {name: req.get_param(name) for name in ("name", "kinguinId", "productId", "platform")}
        if wanted["name"] is not None and len(wanted["name"]) < 3:
            raise error(req, 400, "ConstraintViolation", "name is too short", propertyPath="name")
        found = [game for game in CATALOG if game.supplier == "kinguin" and _fits(game, wanted)]
        say(resp, 200, page(req, [product_shape(game) for game in found]))


class Product(Keyed):
    points: ClassVar = {"GET": "kinguin.product"}

    def __init__(self, orders: KinguinOrders, *, number: bool) -> None:
        super().__init__(orders)
        self._number = number

    def on_get(self, req: Request, resp: Response, ref: str) -> None:
        self.admit(req)
        game = game_at("kinguin", int(ref) if self._number and ref.isdecimal() else ref)
        if game is None or game.stock == 0:  # out of stock looks like unknown (PROVIDERS.md §1.2)
            raise error(req, 404, "HttpClient", "Product not found")
        say(resp, 200, product_shape(game))


class Balance(Keyed):
    points: ClassVar = {"GET": "kinguin.balance"}

    def on_get(self, req: Request, resp: Response) -> None:
        self.admit(req)
        empty = self._orders.floor.faults.stands("kinguin.place_order", "no_balance")
        say(resp, 200, {"balance": 0 if empty else self._orders.balance})


class Named(Keyed):
    """Regions, platforms, genres."""

    points: ClassVar = {"GET": "kinguin.lists"}

    def __init__(self, orders: KinguinOrders, name: str) -> None:
        super().__init__(orders)
        self._name = name

    def on_get(self, req: Request, resp: Response) -> None:
        self.admit(req)
        say(resp, 200, _LISTS[self._name])


def _fits(game: Game, wanted: dict[str, str | None]) -> bool:
    return (
        (wanted["name"] or "").lower() in game.name.lower()
        and wanted["kinguinId"] in (None, str(game.kinguin_id))
        and wanted["productId"] in (None, game.supplier_ref)
        and wanted["platform"] in (None, game.platform)
    )
