"""The one place where a key is readable: on its buyer's screen, after it was written down who looks."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Sequence

import structlog
from falcon import Request, Response

from bitloot.errors import BitLootError, Permanent
from bitloot.shop import Shop
from bitloot.states import OrderState
from db import Key, Order, keys_of, open_case
from db.keys import key_label, order_context
from web.answers import Answer, answer
from web.auth import Gate, Viewer, not_found
from web.deadline import database
from web.describe import describe
from web.errors import Problem
from web.record import record
from web.rights import spend
from web.tries import limit_address, limit_order

__all__ = ["REVEALABLE", "Reveal", "Revealed", "opened"]

#: Orders whose keys their buyer may see, as far as there are any: one line does not wait for another.
REVEALABLE = frozenset({OrderState.PAID, OrderState.WAITING, OrderState.READY, OrderState.FULFILLED})


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
    name: str
    media_type: str
    key: str | None = None
    base64: str | None = None


class Revealed(Answer):
    order_id: uuid.UUID
    keys: list[RevealedKey]


class Reveal:
    """Opens the keys of an order that are there, for its buyer.

    There is no GET: a mail scanner that follows links reveals nothing. One that presses, too, uses up one of many
    reveals, and what is used up is given again to whoever proves by a code that the mailbox is his.
    """

    def __init__(self, shop: Shop, gate: Gate) -> None:
        self._shop = shop
        self._gate = gate

    @describe(
        "Reveal the keys",
        who="buyer",
        tag="fulfillment",
        answers={200: Revealed},
        codes={
            403: ["used_up"],
            409: ["not_ready"],
            410: ["withdrawn", "expired_keys"],
            503: ["key_unreadable"],
        },
        refusals=[401, 403, 404, 409, 410, 429, 500, 503],
    )
    def on_post(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        viewer = self._gate.viewer(req)
        with database():
            limit_address(req, self._shop.settings)
            if viewer.owns(order_id):
                limit_order(order_id, self._shop.settings)
            keys = keys_of(order_id)
            order = self._admit(req, viewer, order_id, has_keys=bool(keys))
            # Committed here, before any key is opened: whoever reads the records sees at least every look.
            record(req, viewer, order_id, "reveal", "granted", {"keys": [str(key.id) for key in keys]})

        def failed(code: str) -> None:
            record(req, viewer, order_id, "reveal", "failed", {"code": code})

        answer(resp, Revealed(order_id=order_id, keys=opened(self._shop, order, keys, failed)))

    def _admit(self, req: Request, viewer: Viewer, order_id: uuid.UUID, *, has_keys: bool) -> Order:
        """The order, if this viewer may see its keys now; a refusal is recorded and raised as Problem."""
        order = Order.get_or_none(Order.id == order_id)
        refusal: Problem | None = None
        if order is None or not (viewer.is_admin or viewer.owns(order_id)):
            refusal = not_found()
        elif viewer.is_admin:
            refusal = Problem(403, "forbidden", "Only the buyer sees the keys.")
        elif order.state not in REVEALABLE or not has_keys:
            refusal = Problem(409, "not_ready", "The keys are not there yet, or no longer.")
        else:
            refusal = spend(viewer, order_id, self._shop.settings)
        if refusal is None and order is not None:
            return order
        why = refusal or not_found()
        asked = {"order": str(order_id), "code": why.document["code"]}
        record(req, viewer, order.id if order else None, "reveal", "refused", asked)
        raise why


def opened(shop: Shop, order: Order, keys: Sequence[Key], failed: Callable[[str], None]) -> list[RevealedKey]:
    """The keys in plain; whoever calls this has recorded the look before. `failed` records that it came to nothing.

    Raises Problem for a key that is lost or broken, of which a person hears, and else what the store raises.
    """
    shown = []
    for key in keys:
        try:
            shown.append(_opened(shop, order, key))
        except BitLootError as error:
            with database():
                failed(error.code)
                if isinstance(error, Permanent):
                    _ask_about(key, error.code)
            if isinstance(error, Permanent):
                raise Problem(*UNREADABLE, headers={"Retry-After": str(UNREADABLE_AGAIN)}) from None
            raise
    return shown


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
    shown = RevealedKey(line=key.line.position, name=key.line.name, media_type=key.media_type)
    if key.media_type == "text/plain":
        return shown.model_copy(update={"key": content.decode("utf-8", "replace")})
    return shown.model_copy(update={"base64": base64.b64encode(content).decode()})
