"""Orders straight into the tables of both services, and the signed IPNs that pay them."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

import psycopg2
import requests

from bench.driver import request
from bench.gateway_stub import PAY_AMOUNT, PRICE

__all__ = ["IPN_SECRET", "Seeded", "ipn", "seed_ours", "seed_peer"]

IPN_SECRET = "bench-ipn-secret-of-enough-characters"

OURS = """
WITH product AS (INSERT INTO products VALUES (gen_random_uuid(), 'bench', 'Bench game', 19.99, 'usd', 'reservations',
                 'game-1', 15, 'eur', true, true, now()) ON CONFLICT (sku) DO UPDATE SET active = true RETURNING id),
     o AS (INSERT INTO orders (id, state, seq, email, price, currency, pay_currency, created_at, moved_at)
           SELECT gen_random_uuid(), 'created', 1, 'load@example.test', 19.99, 'usd', 'btc', now(), now()
           FROM generate_series(1, %(count)s) RETURNING id),
     l AS (INSERT INTO lines SELECT gen_random_uuid(), o.id, 1, product.id, 'Bench game', 1, 19.99, 'reservations',
           'game-1', 15, 'eur', true, now() FROM o, product),
     m AS (INSERT INTO moves (order_id, seq, dst, actor, reason, data, at)
           SELECT id, 1, 'created', 'buyer', '', '{}', now() FROM o),
     n AS (SELECT id, row_number() OVER () + %(base)s AS number FROM o)
INSERT INTO payments (id, order_id, gateway, gateway_payment_id, state, rank, price, currency, pay_amount, pay_currency,
                      pay_address, created_at, updated_at)
SELECT gen_random_uuid(), id, 'nowpayments', number::text, 'waiting', 0, 19.99, 'usd', %(amount)s, 'btc', 'bc1',
       now(), now() FROM n RETURNING order_id::text, gateway_payment_id
"""

# As the peer's README gives it, in our own words and amounts.
PEER = """
WITH o AS (INSERT INTO orders (email, amount_cents, currency)
           SELECT 'load@example.test', 1999, 'usd' FROM generate_series(1, %(count)s) RETURNING id),
     i AS (INSERT INTO order_items (order_id, product_id, quantity, unit_price_cents)
           SELECT id, 'game-1', 1, 1999 FROM o)
INSERT INTO payments (order_id) SELECT id FROM o RETURNING order_id::text, provider_payment_id
"""


@dataclass(frozen=True)
class Seeded:
    order_id: str
    payment_id: str


def seed_ours(database_url: str, count: int, base: int) -> list[Seeded]:
    """`count` unpaid orders with payments numbered from `base` + 1."""
    return _seed(database_url, OURS, {"count": count, "base": base, "amount": PAY_AMOUNT})


def seed_peer(database_url: str, count: int) -> list[Seeded]:
    return _seed(database_url, PEER, {"count": count})


def _seed(database_url: str, sql: str, values: dict[str, object]) -> list[Seeded]:
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            return [Seeded(*row) for row in cursor.fetchall()]
    finally:
        connection.close()


def tell_gateway(port: int, seeded: list[Seeded]) -> None:
    """Lets the gateway stub know which order each payment is for."""
    body = "\n".join(f"{item.payment_id} {item.order_id}" for item in seeded)
    requests.put(f"http://127.0.0.1:{port}/v1/payment/all", data=body.encode(), timeout=30)


def ipn(item: Seeded) -> bytes:
    """A `finished` IPN as production sends them: sorted, compact, a nested fee, small floats, raw non-ASCII."""
    body = (
        f'{{"actually_paid":{PAY_AMOUNT},"fee":{{"currency":"btc","depositFee":0.0000012,"serviceFee":0,'
        f'"withdrawalFee":0}},"order_description":"Schlüssel ✓","order_id":"{item.order_id}","pay_amount":{PAY_AMOUNT},'
        f'"pay_currency":"btc","payment_id":{item.payment_id},"payment_status":"finished","price_amount":{PRICE},'
        f'"price_currency":"usd","purchase_id":"42","updated_at":1780000000123}}'
    ).encode()
    signature = hmac.new(IPN_SECRET.encode(), body, hashlib.sha512).hexdigest()
    return request("/payments/ipn", {"x-nowpayments-sig": signature}, body)
