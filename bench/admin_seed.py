"""A shop with very many orders, made by SQL: a year of them, of every kind and in every state."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["TABLES", "seed_shop"]

TABLES = (
    *("orders", "lines", "payments", "purchases", "moves", "notices", "letters", "cases", "jobs"),
    *("access_records", "products"),
)

PRODUCTS = """
INSERT INTO products
SELECT md5('product' || n)::uuid, 'sku-' || n, 'Game ' || n || ' of the bench', 19.99, 'usd',
       CASE WHEN mod(n, 10) = 0 THEN 'reservations' ELSE 'kinguin' END, 'ref-' || n, 15, 'eur', true, mod(n, 20) > 0,
       now()
  FROM generate_series(0, 499) n ON CONFLICT DO NOTHING
"""

STATE = """CASE WHEN mod(n, 1000) < 700 THEN 'fulfilled' WHEN mod(n, 1000) < 880 THEN 'expired'
     WHEN mod(n, 1000) < 960 THEN 'created' WHEN mod(n, 1000) < 980 THEN 'refunded'
     WHEN mod(n, 1000) < 985 THEN 'review' WHEN mod(n, 1000) < 990 THEN 'failed'
     WHEN mod(n, 1000) < 993 THEN 'refund_due'
     WHEN mod(n, 1000) < 996 THEN 'paid'
     WHEN mod(n, 1000) < 998 THEN 'waiting' ELSE 'ready' END"""
#: Spread over a year; the fraction comes first, since so many seconds are no interval.
AT = "now() - n::double precision / %(total)s * interval '31536000 seconds'"
COIN = "(ARRAY['btc', 'eth', 'ltc', 'xmr'])[1 + mod(n, 4)]"
EACH = "FROM generate_series(%(first)s::integer, %(last)s::integer) n"

#: With %(first)s, %(last)s and %(total)s: the orders' numbers, and how many there will be.
FILL = (
    f"""
INSERT INTO orders (id, state, seq, email, price, currency, pay_currency, hold, due_at, created_at, moved_at)
SELECT md5('order' || n)::uuid, {STATE}, 3,
       'buyer' || mod(n * 7919::bigint, %(total)s / 3 + 1) || '@example.test', 19.99, 'usd', {COIN},
       CASE WHEN mod(n, 1000) = 994 THEN 'supplier: balance' END,
       CASE WHEN mod(n, 1000) >= 993 THEN now() + interval '1 day' END, {AT}, {AT} + interval '90 seconds' {EACH}""",
    f"""
INSERT INTO lines SELECT md5('line' || n)::uuid, md5('order' || n)::uuid, 1, md5('product' || mod(n, 500))::uuid,
       'Game ' || mod(n, 500) || ' of the bench', 1, 19.99,
       CASE WHEN mod(n, 10) = 0 THEN 'reservations' ELSE 'kinguin' END, 'ref-' || mod(n, 500), 15, 'eur', true, {AT}
  {EACH}""",
    f"""
INSERT INTO payments (id, order_id, gateway, gateway_payment_id, state, rank, price, currency, pay_amount,
       pay_currency, pay_address, actually_paid, confirmed_at, created_at, updated_at)
SELECT md5('payment' || n)::uuid, md5('order' || n)::uuid, 'nowpayments', (5000000000 + n)::text,
       CASE WHEN mod(n, 1000) BETWEEN 700 AND 879 THEN 'expired' WHEN mod(n, 1000) BETWEEN 880 AND 959 THEN 'waiting'
            WHEN mod(n, 1000) BETWEEN 980 AND 984 THEN 'partially_paid' ELSE 'finished' END,
       5, 19.99, 'usd', 0.0005, {COIN}, 'bc1' || md5('address' || n), 0.0005, {AT}, {AT}, {AT} {EACH}""",
    f"""
INSERT INTO purchases (id, order_id, line_id, generation, supplier, purchase_ref, supplier_ref, state, attempt, looks,
       product_ref, quantity, max_price, currency, text_only, keys_expected, keys_stored, created_at, moved_at)
SELECT md5('purchase' || n)::uuid, md5('order' || n)::uuid, md5('line' || n)::uuid, 1,
       CASE WHEN mod(n, 10) = 0 THEN 'reservations' ELSE 'kinguin' END, 'BL-' || md5('line' || n), 'SUP' || n,
       CASE WHEN mod(n, 1000) < 700 THEN 'stored' WHEN mod(n, 1000) < 990 THEN 'failed' ELSE 'waiting' END, 1, 0,
       'ref-' || mod(n, 500), 1, 15, 'eur', true, 1, 1, {AT}, {AT} {EACH}
 WHERE mod(n, 1000) < 700 OR mod(n, 1000) >= 985""",
    f"""
INSERT INTO moves (order_id, seq, src, dst, actor, reason, data, at)
SELECT md5('order' || n)::uuid, s, CASE WHEN s > 1 THEN 'created' END, CASE s WHEN 1 THEN 'created' ELSE {STATE} END,
       'bench', '', '{{}}', {AT} + s * interval '30 seconds' {EACH}, generate_series(1, 2) s""",
    f"""
INSERT INTO notices (id, source, event, external_id, order_id, digest, proof, outcome, data_key, body, size, address,
       repeats, replays, received_at, seen_at)
SELECT md5('notice' || s || n)::uuid, CASE s WHEN 1 THEN 'nowpayments' ELSE 'kinguin' END,
       CASE WHEN s = 2 THEN 'order.status' WHEN mod(n, 50) = 0 THEN 'partially_paid' ELSE 'finished' END,
       CASE s WHEN 1 THEN (5000000000 + n)::text ELSE 'SUP' || n END, md5('order' || n)::uuid, md5('digest' || s || n),
       'sorted', CASE WHEN s = 2 THEN 'matched' WHEN mod(n, 200) = 0 THEN 'late' ELSE 'moved' END, 'k', 'b', 700,
       '198.51.100.7', 0, 0, {AT} + s * interval '40 seconds', {AT} {EACH}, generate_series(1, 2) s""",
    f"""
INSERT INTO letters (id, order_id, kind, generation, state, idempotency_key, recipient, subject, data_key, content,
       attempts, fate, created_at, sent_at)
SELECT md5('letter' || n)::uuid, md5('order' || n)::uuid, 'keys_ready', 1,
       CASE WHEN mod(n, 500) = 0 THEN 'failed' ELSE 'sent' END, 'keys_ready/' || n, 'buyer' || n || '@example.test',
       'Your keys', 'k', 'c', 1, CASE WHEN mod(n, 300) = 0 THEN 'bounced' END, {AT}, {AT} {EACH}
 WHERE mod(n, 1000) < 700""",
    f"""
INSERT INTO cases (id, order_id, subject, kind, figures, state, opened_at, ordered_at)
SELECT md5('case' || n)::uuid, md5('order' || n)::uuid, md5('payment' || n),
       CASE WHEN mod(n, 3) = 0 THEN 'late' ELSE 'underpaid' END, '{{}}',
       CASE WHEN mod(n, 1000) < 985 THEN 'open' ELSE 'resolved' END, {AT}, {AT} {EACH}
 WHERE mod(n, 1000) BETWEEN 980 AND 989""",
    f"""
INSERT INTO jobs (id, actor, subject_id, order_id, message_id, attempts, error_class, error, traceback, state,
       failed_at)
SELECT md5('job' || n)::uuid, CASE WHEN mod(n, 2) = 0 THEN 'reserve' ELSE 'notify' END, md5('order' || n),
       md5('order' || n)::uuid, md5('message' || n), 6, 'Retryable', 'away', '', CASE WHEN mod(n, 1000) < 3 THEN 'dead'
       ELSE 'retried' END, {AT} {EACH} WHERE mod(n, 1000) < 10""",
    f"""
INSERT INTO access_records (order_id, action, actor, outcome, address, user_agent, details, at, seq, key_number, mac)
SELECT md5('order' || n)::uuid, CASE WHEN mod(n, 40) = 0 THEN 'download_link' ELSE 'reveal' END,
       CASE WHEN mod(n, 100) = 0 THEN 'admin:olga' ELSE 'buyer' END,
       CASE WHEN mod(n, 150) = 0 THEN 'refused' ELSE 'granted' END, '203.0.113.9', 'bench', '{{}}', {AT}, n, 1, 'm'
  {EACH} WHERE mod(n, 1000) < 700 ORDER BY n DESC""",
)

#: Orders of one transaction.
PIECE = 50_000

Execute = Callable[[str, dict[str, int]], object]


def seed_shop(execute: Execute, count: int, say: Callable[[str], None] = lambda _: None) -> None:
    """`count` orders with all that belongs to them, the newest with the lowest number. `execute` commits by itself."""
    execute("SET session_replication_role = replica", {})  # what refers to what is right by itself: no checks
    execute(PRODUCTS, {})
    for first in range(1, count + 1, PIECE):
        last = min(first + PIECE - 1, count)
        for statement in FILL:
            execute(statement, {"first": first, "last": last, "total": count})
        say(f"{last:,} of {count:,} orders")
    execute("SET session_replication_role = origin", {})
    for table in TABLES:
        execute(f"ANALYZE {table}", {})
