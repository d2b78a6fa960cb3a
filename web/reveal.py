"""The one place where a key is readable: on its buyer's screen, after it was written down who looks."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Sequence

import structlog
from falcon import Request, Response

from bitloot.errors import BitLootError, Permanent
from bitloot.shop import Shop
from db import Key, Order, open_case
from db.keys import key_label, order_context
from web.admission import LOOKING, KeyQuery, admit
from web.answers import Answer, answer
from web.auth import Gate
from web.deadline import database
from web.describe import describe
from web.errors import Problem

__all__ = ["Reveal", "Revealed", "opened", "unreadable"]

log = structlog.get_logger(__name__)

#: What a buyer hears of a key that is there no more, or not as it was stored: status, code and detail.
UNREADABLE = (
    *(503, "key_unreadable"),
    "A key of this order cannot be opened now. It is not your fault: a person was told and looks at it.",
)

#: … and when it is worth trying again (seconds).
UNREADABLE_AGAIN = 600


class RevealedKey(Answer):
    """`key` for text, `base64` for pictures."""

    line: int
    number: int
    name: str
    media_type: str
    key: str | None = None
    base64: str | None = None


class Revealed(Answer):
    order_id: uuid.UUID
    keys: list[RevealedKey]


class Reveal:
    """Opens the keys of an order that are there, or one of them, for its buyer.

    There is no GET: a mail scanner that follows links reveals nothing. One that presses, too, uses up one of many
    reveals, and what is used up is given again to whoever proves by a code that the mailbox is his.
    """

    def __init__(self, shop: Shop, gate: Gate) -> None:
        self._shop = shop
        self._gate = gate

    @describe(
        "Reveal the keys, or one of them",
        who="buyer",
        tag="fulfillment",
        query=KeyQuery,
        answers={200: Revealed},
        **LOOKING,
    )
    def on_post(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        look = admit(req, self._gate, self._shop.settings, order_id, how="shown")
        shown = opened(self._shop, look.order, look.keys, look.failed)
        answer(resp, Revealed(order_id=order_id, keys=shown))


def opened(shop: Shop, order: Order, keys: Sequence[Key], failed: Callable[[str], None]) -> list[RevealedKey]:
    """The keys in plain; whoever calls this has recorded the look before. `failed` records that it came to nothing.

    Raises Problem for a key that is lost or broken, of which a person hears, and else what the store raises.
    """
    shown = []
    for key in keys:
        try:
            shown.append(_opened(shop, order, key))
        except BitLootError as error:
            raise unreadable(key, error, failed) from None
    return shown


def unreadable(key: Key, error: BitLootError, failed: Callable[[str], None]) -> Exception:
    """What the buyer hears of a look that failed; `failed` records it, and a person hears of what no repeat mends."""
    with database():
        failed(error.code)
        if isinstance(error, Permanent):
            _ask_about(key, error.code)
    if isinstance(error, Permanent):
        return Problem(*UNREADABLE, headers={"Retry-After": str(UNREADABLE_AGAIN)})
    return error


def _ask_about(key: Key, code: str) -> None:
    """One open case per key, however often its buyer tries."""
    figures = {"error": code, "supplier": key.supplier, "object": key.object_name}
    if open_case(key.order_id, key.id, "key_unreadable", figures):
        log.error("a key cannot be opened", action="key_unreadable", order=str(key.order_id), code=code)


def _opened(shop: Shop, order: Order, key: Key) -> RevealedKey:
    """Raises SealBroken, and as the store does."""
    sealed = shop.store.get(key.object_name)
    wrapped = bytes(order.data_key or b"")
    content = shop.vault.open(wrapped, order_context(order.id), key_label(key.line_id, key.id), sealed)
    shown = RevealedKey(
        line=key.line.position, number=key.number, name=key.line.name, media_type=key.media_type
    )
    if key.media_type == "text/plain":
        return shown.model_copy(update={"key": content.decode("utf-8", "replace")})
    return shown.model_copy(update={"base64": base64.b64encode(content).decode()})
