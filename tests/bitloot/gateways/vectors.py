"""Signed bodies from PROVIDERS.md §3.8; every secret here was invented for them."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

__all__ = ["FLAT", "NESTED", "Vector", "sign"]


@dataclass(frozen=True)
class Vector:
    secret: str
    body: bytes
    sha256: str
    signature: str


FLAT = Vector(
    secret="bitloot-ipn-secret-1",
    body=(
        b'{"payment_id":4000000001,"payment_status":"finished","pay_address":"TTestAddressAAAAAAAAAAAAAAAAAAAAAA",'
        b'"price_amount":24.9,"price_currency":"eur","pay_amount":81.52340017,"actually_paid":81.52340017,'
        b'"pay_currency":"trx","order_id":"BL-0001","order_description":null,"purchase_id":"4100000001",'
        b'"invoice_id":null,"updated_at":1780000000123,"outcome_amount":80.7081662,"outcome_currency":"trx"}'
    ),
    sha256="83138d64f9c70f42ec93de9eb4440333c1f278feb73823f9f49af82e30b5b82f",
    signature=(
        "f2341646c4e8d8fa24773a4bb86af1b55411adb799c4fcd252e6f18af2ce00c4"
        "ceae4f4002e45e9939f21c34787c2709a0524ed7c40ad831610c815341d66a99"
    ),
)

NESTED = Vector(
    secret="bitloot-ipn-secret-2",
    body=(
        '{"payment_id":4000000002,"parent_payment_id":null,"payment_status":"finished","price_amount":30,'
        '"price_currency":"usd","pay_amount":0.00041,"actually_paid":0.00041,"actually_paid_at_fiat":0,'
        '"pay_currency":"btc","order_id":"BL-0002","order_description":"Clé Steam – Duo/Pack “X”",'
        '"outcome_amount":0.00040591,"outcome_currency":"btc","payment_extra_ids":null,'
        '"fee":{"withdrawalFee":0,"depositFee":0.0000021,"serviceFee":1e-7,"currency":"btc"}}'
    ).encode(),
    sha256="7916bc51b089c30c4c8b68530d2d5fd29aa836b4d22346fd67f651632cdc399f",
    signature=(
        "b1747cb445749de9078d110af3578dc7f2266050c7ab3ab7dad7dd8c8221263f"
        "7e18966a5684a53f622f16aaeb98a9713a85f460de471fb5d0bd72a551854b5c"
    ),
)


def sign(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha512).hexdigest()
