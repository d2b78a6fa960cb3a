"""GET /admin/orders/{id}, and what happened around it: its timeline, its lines with purchases and keys."""

from __future__ import annotations

import uuid

from falcon import Request, Response

from db import Order
from db.order_detail import OrderDetail, order_detail
from db.timeline import timeline
from web.admin.order_answers import (
    FulfillmentView,
    OrderDetailView,
    TimelineView,
    detail_view,
    event_view,
    fulfillment_view,
)
from web.answers import answer
from web.auth import Gate, not_found
from web.deadline import database
from web.describe import describe
from web.openapi import Route

__all__ = ["AdminOrder", "OrderFulfillment", "OrderTimeline", "order_views"]


class AdminOrder:
    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @describe(
        "One order with all that belongs to it, and what may be done to it",
        who="admin",
        tag="admin",
        answers={200: OrderDetailView},
        refusals=[401, 403, 404, 503],
    )
    def on_get(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        self._gate.admin(req)
        answer(resp, detail_view(_detail(order_id)))


class OrderFulfillment:
    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @describe(
        "An order's lines, each with its purchases and keys",
        who="admin",
        tag="admin",
        answers={200: FulfillmentView},
        refusals=[401, 403, 404, 503],
    )
    def on_get(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        self._gate.admin(req)
        answer(resp, fulfillment_view(_detail(order_id)))


class OrderTimeline:
    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @describe(
        "What happened around an order, on one line of time",
        who="admin",
        tag="admin",
        answers={200: TimelineView},
        refusals=[401, 403, 404, 503],
    )
    def on_get(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        self._gate.admin(req)
        with database():
            if Order.find(order_id) is None:
                raise not_found()
            found, cut = timeline(order_id)
        events = [event_view(one) for one in found]
        answer(resp, TimelineView(order_id=order_id, data=events, truncated=cut))


def _detail(order_id: uuid.UUID) -> OrderDetail:
    with database():
        found = order_detail(order_id)
    if found is None:
        raise not_found()
    return found


def order_views(gate: Gate) -> list[Route]:
    path = "/admin/orders/{order_id:uuid}"
    return [
        (path, AdminOrder(gate)),
        (f"{path}/timeline", OrderTimeline(gate)),
        (f"{path}/fulfillment", OrderFulfillment(gate)),
    ]
