"""How Kinguin writes down a product and an order (PROVIDERS.md §1.2, §1.4)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from web.standins.answers import iso
from web.standins.catalog import Game
from web.standins.kinguin_orders import Item, KinguinOrder

__all__ = ["order_shape", "product_shape"]

_LAUNCHED = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


def product_shape(game: Game) -> dict[str, Any]:
    text_stock = 0 if game.picture else game.stock
    return {
        "kinguinId": game.kinguin_id,
        "productId": game.supplier_ref,
        "cheapestOfferId": [game.offer_id],
        "name": game.name,
        "platform": game.platform,
        "qty": game.stock,
        "textQty": text_stock,
        "totalQty": game.stock,
        "price": game.cost,
        "offers": [
            {
                "offerId": game.offer_id,
                "price": game.cost,
                "qty": game.stock,
                "availableQty": game.stock,
                "textQty": text_stock,
                "availableTextQty": text_stock,
                "merchantName": "Stand-in Merchant",
                "isPreorder": False,
                "releaseDate": "2026-01-02",
                "wholesale": {"enabled": False, "tiers": []},
            }
        ],
        "offersCount": 1,
        "isPreorder": False,
        "releaseDate": "2026-01-02",
        "regionId": 3,
        "regionalLimitations": "Region free",
        "countryLimitation": [],
        "activationDetails": "Enter the key in your client.",
        "updatedAt": iso(_LAUNCHED),
    }


def order_shape(order: KinguinOrder) -> dict[str, Any]:
    shape = {
        "orderId": order.id,
        "orderExternalId": order.external_id,
        "kinguinOrderId": order.number,
        "status": order.status,
        "totalPrice": order.total,
        "requestTotalPrice": sum((item.asked * item.quantity for item in order.items), Decimal(0)),
        "paymentPrice": order.total,
        "totalQty": sum(item.quantity for item in order.items),
        "isPreorder": False,
        "preorderReleaseDate": None,
        "createdAt": iso(order.created),
        "storeId": 1,
        "userEmail": "shop@standin.invalid",
        "products": [_item_shape(item) for item in order.items],
    }
    return {name: value for name, value in shape.items() if name != "orderExternalId" or value is not None}


def _item_shape(item: Item) -> dict[str, Any]:
    return {
        "kinguinId": item.game.kinguin_id,
        "productId": item.game.supplier_ref,
        "offerId": item.game.offer_id,
        "qty": item.quantity,
        "name": item.game.name,
        "price": item.game.cost,
        "totalPrice": item.game.cost * item.quantity,
        "requestPrice": item.asked,
        "isPreorder": False,
        "releaseDate": "2026-01-02",
        "keyType": item.key_type,
        "keys": [{"id": key.id, "status": key.status} for key in item.keys],
    }
