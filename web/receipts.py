"""Receipts for disputes, and the public keys that prove them."""

from __future__ import annotations

import json
import uuid

import falcon
from falcon import Request, Response

from bitloot.receipts import ReceiptKeys
from bitloot.shop import Shop
from db.receipts import receipt_facts
from db.rights import right_of
from web.answers import Answer, answer
from web.auth import Gate, not_found
from web.deadline import database
from web.describe import describe
from web.record import record
from web.rights import check_generation
from web.tries import limit_address

__all__ = ["OrderReceipt", "ReceiptPublicKeys"]


class PublicKey(Answer):
    """Ed25519, 32 bytes in base64."""

    number: int
    public_key: str


class PublicKeys(Answer):
    """The first signs; receipts by the others are good as well."""

    keys: list[PublicKey]


class ReceiptPublicKeys:
    def __init__(self, shop: Shop) -> None:
        self._keys = ReceiptKeys.from_settings(shop.settings)

    @describe(
        "The public keys that receipts are signed with",
        who="anyone",
        tag="orders",
        answers={200: PublicKeys},
        refusals=[],
    )
    def on_get(self, req: Request, resp: Response) -> None:
        keys = [PublicKey(number=number, public_key=key) for number, key in self._keys.public.items()]
        answer(resp, PublicKeys(keys=keys))


class OrderReceipt:
    """What was sold, sealed, mailed and revealed, signed. Keys are in it by fingerprint only."""

    def __init__(self, shop: Shop, gate: Gate) -> None:
        self._settings = shop.settings
        self._keys = ReceiptKeys.from_settings(shop.settings)
        self._gate = gate

    @describe(
        "A signed receipt of an order that was paid",
        who="buyer or admin",
        tag="orders",
        answers={200: "application/json"},
        refusals=[401, 404, 429, 503],
    )
    def on_get(self, req: Request, resp: Response, order_id: uuid.UUID) -> None:
        viewer = self._gate.viewer_of(req, order_id)
        with database():
            limit_address(req, self._settings)  # each leaves a record that stays for ever
            check_generation(viewer, right_of(order_id))
            facts = receipt_facts(order_id, self._settings.shop_name)
            if facts is None:
                raise not_found()
            record(req, viewer, order_id, "receipt", "granted", {})
        resp.content_type = falcon.MEDIA_JSON
        resp.data = json.dumps(self._keys.sign(facts), ensure_ascii=False).encode()
