"""What a search may answer instead of the truth (PROVIDERS.md §7.4 step 4; RELIABILITY.md F23)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from web.standins.answers import iso
from web.standins.faults import Fault, Faults

__all__ = ["answer"]

_POINT = "kinguin.search_orders"
_HIDING = frozenset({"search_lag", "search_empty"})
_MORE_STRANGERS = 25

Shape = dict[str, Any]


def answer(faults: Faults, text: str, ours: list[Shape], others: Callable[[], list[Shape]]) -> list[Shape]:
    """`ours` is what was asked for, newest first; `others` are all orders. A lie about nothing is no bite."""
    hiding = faults.take(_POINT, _HIDING, text, when=lambda rule: bool(_hidden(rule, ours)))
    for rule in hiding:
        hidden = _hidden(rule, ours)
        ours = [shape for shape in ours if shape not in hidden]
    twice = faults.take(_POINT, frozenset({"search_twice"}), text, when=lambda rule: bool(ours))
    if twice:
        ours = [shape for order in ours for shape in (_ghost(order), order)]
    strangers = faults.take(_POINT, frozenset({"search_strangers"}), text)
    if strangers:
        known = {order["orderId"] for order in ours}
        found = [order for order in others() if order["orderId"] not in known][:_MORE_STRANGERS]
        hide = any(rule.only for rule in strangers)
        wanted = {order["orderExternalId"] for order in ours if "orderExternalId" in order}
        found = [order for order in found if order.get("orderExternalId") not in wanted]
        return [_stranger(), *found, *([] if hide else ours)]
    return ours


def _hidden(rule: Fault, ours: list[Shape]) -> list[Shape]:
    if rule.kind == "search_empty":
        return ours
    visible = datetime.now(UTC) - timedelta(seconds=rule.seconds)
    return [order for order in ours if datetime.fromisoformat(order["createdAt"]) > visible]


def _ghost(order: Shape) -> Shape:
    """A second order with our reference, a second younger; the same at each look, and known nowhere else."""
    digits = hashlib.sha256(order["orderId"].encode()).hexdigest().upper()
    created = datetime.fromisoformat(order["createdAt"]) + timedelta(seconds=1)
    ghost = {"orderId": f"P{digits[:10]}", "kinguinOrderId": order["kinguinOrderId"] + 1}
    return order | ghost | {"createdAt": iso(created)}


def _stranger() -> Shape:
    return {
        "orderId": "P" + secrets.token_hex(5).upper(),
        "orderExternalId": f"XX-{secrets.token_hex(16)}",
        "kinguinOrderId": 1 + secrets.randbelow(10**6),
        "status": "completed",
        "totalPrice": 12.34,
        "requestTotalPrice": 12.34,
        "paymentPrice": 12.34,
        "totalQty": 1,
        "isPreorder": False,
        "preorderReleaseDate": None,
        "createdAt": iso(datetime.now(UTC)),
        "storeId": 2,
        "userEmail": "stranger@standin.invalid",
        "products": [],
    }
