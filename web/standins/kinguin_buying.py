"""Buying at the Kinguin stand-in: place, search and read orders, read and return keys (PROVIDERS.md §1.3–1.7)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from falcon import Request, Response

from web.standins import search_lies
from web.standins.answers import Refusal, object_of, say
from web.standins.catalog import game_at
from web.standins.kinguin_door import Keyed, error, page
from web.standins.kinguin_orders import Item, KinguinOrder, KinguinOrders, RefusedOrder
from web.standins.kinguin_shapes import order_shape

__all__ = ["Keys", "Orders", "PlaceOrder", "ReadOrder", "ReturnKeys"]

_MOST_LINES, _MOST_PER_LINE = 10, 9


class PlaceOrder(Keyed):
    """Spends money."""

    points: ClassVar = {"POST": "kinguin.place_order"}

    def __init__(self, orders: KinguinOrders, *, field: str) -> None:
        super().__init__(orders)
        self._field = field

    def on_post(self, req: Request, resp: Response) -> None:
        self.admit(req)
        try:
            asked = object_of(req)
        except ValueError:
            raise error(req, 400, "ConstraintViolation", "The body is not a JSON object") from None
        items = self._items(req, asked.get("products"))
        external_id = asked.get("orderExternalId")
        if external_id is not None and not isinstance(external_id, str):
            raise _violation(req, "orderExternalId", external_id)
        try:
            order = self._orders.place(items, external_id or None)
        except RefusedOrder as no:
            raise error(req, 422, no.kind, no.detail, **no.more) from None
        say(resp, 201, order_shape(order))

    def _items(self, req: Request, products: Any) -> list[Item]:
        if not isinstance(products, list) or not 1 <= len(products) <= _MOST_LINES:
            raise _violation(req, "products", None)
        return [self._item(req, f"products[{place}]", item) for place, item in enumerate(products)]

    def _item(self, req: Request, path: str, asked: Any) -> Item:
        if not isinstance(asked, dict):
            raise _violation(req, path, None)
        ref, quantity, price = (asked.get(name) for name in (self._field, "qty", "price"))
        if type(ref) is not (int if self._field == "kinguinId" else str):
            raise _violation(req, f"{path}.{self._field}", ref)
        if type(quantity) is not int or not 1 <= quantity <= _MOST_PER_LINE:
            raise _violation(req, f"{path}.qty", quantity)
        if not isinstance(price, int | Decimal) or isinstance(price, bool) or price <= 0:
            raise _violation(req, f"{path}.price", price)
        if asked.get("keyType") not in (None, "text"):
            raise _violation(req, f"{path}.keyType", asked["keyType"])
        game = game_at("kinguin", ref)
        if game is None:
            raise error(req, 422, "ProductUnavailable", "no offer matches the requested product")
        return Item(game, quantity, Decimal(price), asked.get("keyType"))


class Orders(PlaceOrder):
    """The same, and the search."""

    points: ClassVar = {"POST": "kinguin.place_order", "GET": "kinguin.search_orders"}

    def on_get(self, req: Request, resp: Response) -> None:
        self.admit(req)
        orders = self._orders.newest_first()
        try:
            shapes = [order_shape(order) for order in orders if _matches(req, order)]
        except ValueError:
            raise error(req, 400, "ConstraintViolation", "A filter cannot be read") from None
        plan = self._orders.floor.faults
        told = search_lies.answer(
            plan, req.relative_uri, shapes, lambda: [order_shape(order) for order in orders]
        )
        say(resp, 200, page(req, told))


class ReadOrder(Keyed):
    points: ClassVar = {"GET": "kinguin.read_order"}

    def on_get(self, req: Request, resp: Response, order_id: str) -> None:
        self.admit(req)
        say(resp, 200, order_shape(self.order(req, order_id)))


class Keys(Keyed):
    points: ClassVar = {"GET": "kinguin.read_keys"}

    def on_get(self, req: Request, resp: Response, order_id: str) -> None:
        self.admit(req)
        order = self.order(req, order_id)
        ready = [
            {
                "id": key.id,
                "serial": key.serial,
                "type": key.media_type,
                "name": item.game.name,
                "kinguinId": item.game.kinguin_id,
                "offerId": item.game.offer_id,
                "productId": item.game.supplier_ref,
            }
            for item, key in order.keys
            if key.status == "DELIVERED"
        ]
        say(resp, 200, page(req, ready)["results"])


class ReturnKeys(Keyed):
    points: ClassVar = {"POST": "kinguin.return_keys"}

    def on_post(self, req: Request, resp: Response, order_id: str) -> None:
        self.admit(req)
        try:
            keys = self._orders.give_back(self.order(req, order_id))
        except RefusedOrder as no:
            raise error(req, 422, no.kind, no.detail) from None
        say(resp, 200, [{"id": key.id, "status": key.status} for key in keys])


def _violation(req: Request, path: str, value: Any) -> Refusal:
    return error(
        req, 400, "ConstraintViolation", f"{path} is not valid", propertyPath=path, invalidValue=value
    )


def _matches(req: Request, order: KinguinOrder) -> bool:
    """Raises ValueError for a date that cannot be read."""
    since, until = req.get_param("createdAtFrom"), req.get_param("createdAtTo")
    equal: dict[str, set[str | None]] = {
        "orderExternalId": {order.external_id},
        "orderId": {order.id},
        "status": {order.status},
        "productId": {item.game.supplier_ref for item in order.items},
        "kinguinId": {str(item.game.kinguin_id) for item in order.items},
    }
    return (
        all(req.get_param(name) is None or req.get_param(name) in values for name, values in equal.items())
        and (since is None or order.created >= _moment(since))
        and (until is None or order.created <= _moment(until))
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
