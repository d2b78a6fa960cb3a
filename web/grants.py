"""A key opened in its buyer's browser: the page fetches the sealed object, and this grants what opens that one."""

from __future__ import annotations

import base64
import uuid

from falcon import Request, Response
from pydantic import Field

from bitloot.errors import BitLootError
from bitloot.shop import Shop
from db.keys import key_label, order_context
from web.admission import LOOKING, KeyQuery, admit
from web.answers import Answer, answer
from web.auth import Gate
from web.describe import describe
from web.reveal import unreadable

__all__ = ["Grant", "Granted"]


class OneKeyQuery(KeyQuery):
    """Keys are granted one at a time."""

    line: int = Field(ge=1, le=100_000, description="Position of the line, from 1.")
    number: int = Field(ge=1, le=100_000, description="Of the line's keys, from 1.")


class Granted(Answer):
    """What docs/envelope.md needs to open one sealed object, which the download link gives."""

    order_id: uuid.UUID
    line: int
    number: int
    name: str
    media_type: str
    context: str
    label: str
    content_key: str = Field(description="32 bytes in base64; they open this one object.")


class Grant:
    """Gives the content key of one key: a look as any other, counted and recorded. This process never sees the key."""

    def __init__(self, shop: Shop, gate: Gate) -> None:
        self._shop = shop
        self._gate = gate

    @describe(
        "Grant what opens one sealed key",
        who="buyer",
        tag="fulfillment",
        query=OneKeyQuery,
        answers={200: Granted},
        **LOOKING,
    )
    def on_post(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        look = admit(req, self._gate, self._shop.settings, order_id, how="granted", query=OneKeyQuery)
        [key] = look.keys
        context, label = order_context(order_id), key_label(key.line_id, key.id)
        try:
            content_key = self._shop.vault.content_key(bytes(look.order.data_key or b""), context, label)
        except BitLootError as error:
            raise unreadable(key, error, look.failed) from None
        answer(
            resp,
            Granted(
                order_id=order_id,
                line=key.line.position,
                number=key.number,
                name=key.line.name,
                media_type=key.media_type,
                context=context,
                label=label,
                content_key=base64.b64encode(content_key).decode(),
            ),
        )
