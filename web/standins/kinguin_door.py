"""What every call to the Kinguin stand-in shares: its key, its error body, its pages (PROVIDERS.md §1)."""

from __future__ import annotations

import hmac
import secrets
from datetime import UTC, datetime
from typing import Any

from falcon import Request

from web.standins.answers import Refusal, iso
from web.standins.kinguin_orders import KinguinOrder, KinguinOrders

__all__ = ["PREFIX", "Keyed", "error", "page"]

PREFIX = "/kinguin"


def error(req: Request, status: int, kind: str, detail: str, **more: Any) -> Refusal:
    """Kinguin's error body (PROVIDERS.md §1.8)."""
    return Refusal(
        status,
        {
            "kind": kind,
            "status": status,
            "title": detail,
            "type": f"https://standin.invalid/errors/{kind}",
            "detail": detail,
            "path": req.path.removeprefix(PREFIX),
            "method": req.method,
            "trace": secrets.token_hex(8),
            "timestamp": iso(datetime.now(UTC)),
            **more,
        },
    )


class Keyed:
    """A call that needs the store's key, by the header or its older name."""

    def __init__(self, orders: KinguinOrders) -> None:
        self._orders = orders

    def admit(self, req: Request) -> None:
        given = (req.get_header("X-Api-Key") or req.get_header("Api-Ecommerce-Auth") or "").encode()
        right = self._orders.floor.config.kinguin_api_key.encode()
        if not right or not hmac.compare_digest(given, right):
            raise error(req, 401, "Authorization", "Invalid API key")

    def order(self, req: Request, order_id: str) -> KinguinOrder:
        order = self._orders.get(order_id)
        if order is None:
            raise error(req, 404, "OrderNotFound", "Order not found")
        return order


def page(req: Request, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """`page` from 1, `limit` 25 at first and 100 at most."""
    try:
        page, limit = int(req.get_param("page") or 1), int(req.get_param("limit") or 25)
    except ValueError:
        page = limit = 0
    if page < 1 or not 1 <= limit <= 100:
        raise error(req, 400, "ConstraintViolation", "page or limit is out of range", propertyPath="limit")
    return {"results": rows[(page - 1) * limit : page * limit], "item_count": len(rows)}
