"""What tests of the edge send and need: signed notices, tokens, an order whose keys lie sealed in the store."""

from __future__ import annotations

import hashlib
import json
import uuid
from decimal import Decimal
from typing import Any

from bitloot.shop import Shop
from bitloot.states import OrderState
from db import Key, Notice, Order, Payment, Purchase, keep_notice, seal_notice, store_keys
from db.keys import StoredKey, key_id, key_label, object_name, order_context
from tests.factories import a_payment, a_product, a_waiting_order, again, an_order
from web.standins.signing import sign_ipn

__all__ = [
    "admin",
    "bearer",
    "buyer",
    "fulfilled_order",
    "ipn_body",
    "kinguin_headers",
    "lost_news",
    "partly_stored_order",
    "signed",
]

JSON = {"Content-Type": "application/json"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def admin(shop: Shop, role: Any = "owner") -> dict[str, str]:
    return bearer(shop.tokens.admin("olga", role, 600))


def buyer(shop: Shop, order: Order) -> dict[str, str]:
    return bearer(shop.tokens.buyer(order.id))


def ipn_body(payment: Payment, status: str = "finished", **fields: Any) -> bytes:
    """What NOWPayments would send about this payment when all is well."""
    told = {
        "payment_id": int(payment.gateway_payment_id),
        "parent_payment_id": None,
        "payment_status": status,
        "pay_address": payment.pay_address,
        "price_amount": _number(payment.price),
        "price_currency": payment.currency,
        "pay_amount": _number(payment.pay_amount),
        "actually_paid": _number(payment.pay_amount) if status == "finished" else 0,
        "pay_currency": payment.pay_currency,
        "order_id": str(payment.order_id),
        "purchase_id": "4944856743",
        "outcome_amount": 0.1,
        "outcome_currency": "eur",
    }
    return json.dumps(told | fields, separators=(",", ":")).encode()


def _number(amount: Decimal) -> float | int:
    """As JavaScript prints it, since that is what was signed: 20, not 20.0."""
    return int(amount) if amount == int(amount) else float(amount)


def signed(shop: Shop, body: bytes) -> dict[str, str]:
    """The headers of a true notice."""
    secret = shop.settings.nowpayments_ipn_secret.get_secret_value()
    return JSON | {"x-nowpayments-sig": sign_ipn(secret, json.loads(body, parse_float=Decimal))}


def kinguin_headers(shop: Shop, event: str = "order.status") -> dict[str, str]:
    secret = shop.settings.kinguin_webhook_secret.get_secret_value()
    return JSON | {"X-Event-Name": event, "X-Event-Secret": secret}


def fulfilled_order(
    shop: Shop, *codes: bytes, media_type: str = "text/plain", email: str = "buyer@example.test"
) -> Order:
    """One line, its keys sealed and stored as encrypt_store would."""
    order, [purchase] = a_waiting_order((a_product(sku=f"game-{uuid.uuid4().hex[:6]}"), len(codes)))
    order.advance(OrderState.READY, actor="test")
    assert store_codes(shop, order, purchase, *codes, media_type=media_type)
    return again(order)


def partly_stored_order(shop: Shop, code: bytes) -> Order:
    """Two lines, one of them with its key; the other waits."""
    order, [first, _] = a_waiting_order(
        *[(a_product(sku=f"game-{uuid.uuid4().hex[:6]}"), 1) for _ in range(2)]
    )
    assert not store_codes(shop, order, first, code)
    return again(order)


def store_codes(
    shop: Shop, order: Order, purchase: Purchase, *codes: bytes, media_type: str = "text/plain"
) -> bool:
    """Seals and stores as encrypt_store would; whether the order became fulfilled by it."""
    wrapped = order.use_data_key(shop.vault.new_data_key(order_context(order.id)))
    assert wrapped is not None
    stored = []
    for number, code in enumerate(codes):
        supplier_key = f"{purchase.id}-{number}"
        key = key_id(purchase, supplier_key)
        sealed = shop.vault.seal(wrapped, order_context(order.id), key_label(purchase.line_id, key), code)
        name = object_name(order.id, key)
        shop.store.put_once(name, sealed)
        digest = hashlib.sha256(sealed).hexdigest()
        stored.append(StoredKey(key, supplier_key, media_type, name, digest, shop.vault.fingerprint(code)))
    return store_keys(order, purchase, stored, actor="test").fulfilled


def sealed_objects(order: Order) -> list[str]:
    return [key.object_name for key in Key.select().where(Key.order == order.id)]


def lost_news(shop: Shop) -> Notice:
    """A true notice that took no effect: running it again would pay the order."""
    payment = a_payment(an_order())
    body = ipn_body(payment)
    notice = seal_notice(
        shop.vault,
        source="nowpayments",
        event="finished",
        external_id=payment.gateway_payment_id,
        digest="lost",
        proof="sorted",
        headers=signed(shop, body),
        body=body,
        address="",
    )
    keep_notice(notice, None, "unknown")
    return Notice.get_by_id(notice.id)
