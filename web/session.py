"""A session that begins with the link of a letter."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from falcon import Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from bitloot.shop import Shop
from db import Order
from db.rights import right_of
from web.answers import Answer, answer
from web.auth import Viewer, not_found
from web.body import read_model
from web.deadline import database
from web.describe import describe
from web.record import record, record_refusal
from web.rights import refusal
from web.tries import limit_address, limit_order

__all__ = ["Session", "SessionView", "session_for"]

#: How long (seconds) it lasts; the page asks for another by itself.
SESSION_SECONDS = 900


class LinkToken(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True)

    link_token: str = Field(min_length=1, max_length=2048)


class SessionView(Answer):
    access_token: str
    expires_at: datetime


class Session:
    """A letter's link names a token in its fragment, which no server sees; this exchanges it for a short one."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    @describe(
        "Exchange a letter's link token for an access token",
        who="anyone",
        tag="fulfillment",
        body=LinkToken,
        answers={201: SessionView},
        codes={401: ["bad_token", "expired_token", "ended_right"]},
        refusals=[400, 401, 404, 413, 415, 422, 429, 503],
    )
    def on_post(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        sent = read_model(req, LinkToken).link_token
        with database():
            limit_address(req, self._shop.settings)
            claims = self._shop.tokens.read_link(sent)
            if claims.order_id != str(order_id) or Order.get_or_none(Order.id == order_id) is None:
                raise not_found()
            limit_order(order_id, self._shop.settings)
            viewer = Viewer("buyer", order_id=order_id, generation=claims.generation)
            known = right_of(order_id).generation == claims.generation
            if not known:
                record_refusal(req, viewer, order_id, "session", {})
                raise refusal("ended")
            record(req, viewer, order_id, "session", "granted", {})
        answer(resp, session_for(self._shop, order_id, claims.generation), 201)


def session_for(shop: Shop, order_id: uuid.UUID, generation: int) -> SessionView:
    """A short token for the order's buyer."""
    expires = datetime.now(UTC) + timedelta(seconds=SESSION_SECONDS)
    token = shop.tokens.buyer(order_id, SESSION_SECONDS, generation)
    return SessionView(access_token=token, expires_at=expires)
