"""Signed links to an order's sealed keys."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from falcon import Request, Response

from bitloot.shop import Shop
from db import Key, Order, keys_of
from web.admin.answers import read_query
from web.admission import REVEALABLE, KeyQuery
from web.answers import Answer, answer
from web.auth import Gate, not_found
from web.deadline import database
from web.describe import describe
from web.errors import Problem
from web.record import record, record_refusal
from web.rights import standing_refusal
from web.tries import limit_address

__all__ = ["DownloadLink"]


class KeyLink(Answer):
    line: int
    number: int
    name: str
    media_type: str
    url: str
    expires_at: datetime


class KeyLinks(Answer):
    """Links to sealed objects: they show that the keys are there, and open nothing."""

    order_id: uuid.UUID
    expires_at: datetime
    links: list[KeyLink]


class DownloadLink:
    """Signed links to what lies sealed in the store. Recorded; changes nothing else."""

    def __init__(self, shop: Shop, gate: Gate) -> None:
        self._shop = shop
        self._gate = gate

    @describe(
        "Signed links to the sealed keys, or to one of them, at most 15 minutes",
        who="buyer or admin",
        tag="fulfillment",
        query=KeyQuery,
        answers={200: KeyLinks},
        codes={403: ["used_up"], 409: ["not_ready"], 410: ["withdrawn", "expired_keys"]},
        refusals=[401, 403, 404, 409, 410, 422, 429, 503],
    )
    def on_get(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        viewer, wanted = self._gate.viewer_of(req, order_id), read_query(req, KeyQuery)
        with database():
            limit_address(req, self._shop.settings)
            order = Order.get_or_none(Order.id == order_id)
            if order is None:
                raise not_found()
            if (refusal := standing_refusal(viewer, order_id, self._shop.settings)) is not None:
                record_refusal(req, viewer, order_id, "download_link", {"code": refusal.document["code"]})
                raise refusal
            keys = wanted.among(keys_of(order_id)) if order.state in REVEALABLE else []
            if keys:
                told = {"keys": [str(key.id) for key in keys]}
                record(req, viewer, order_id, "download_link", "granted", told)
            else:
                record_refusal(req, viewer, order_id, "download_link", {"keys": []}, "not_ready")
        if not keys:
            raise Problem(409, "not_ready", "The keys are not there yet.", orderId=str(order_id))
        seconds = self._shop.settings.download_link_seconds
        expires = datetime.now(UTC) + timedelta(seconds=seconds)
        links = [self._link(key, seconds, expires) for key in keys]
        answer(resp, KeyLinks(order_id=order_id, expires_at=expires, links=links))

    def _link(self, key: Key, seconds: int, expires: datetime) -> KeyLink:
        return KeyLink(
            line=key.line.position,
            number=key.number,
            name=key.line.name,
            media_type=key.media_type,
            url=self._shop.store.signed_link(key.object_name, seconds),
            expires_at=expires,
        )
