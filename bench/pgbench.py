"""What PostgreSQL alone commits: the same rows as one IPN, without a web server in front."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from bitloot.engines.postgres import PostgresEngine

__all__ = ["commits_per_second"]

#: One IPN's effect: notice, payment, order, move. The order's number comes from a sequence.
SCRIPT = """
\\set amount 1
SELECT nextval('bench_numbers') AS number \\gset
SELECT o_fresh, take_news(p.id, 'finished', 7, 0.00051, false, NULL, p.order_id, 'created', 'paid', 'pgbench', '',
       '{}', 15, NULL)
  FROM payments p, keep_notice(gen_random_uuid(), 'nowpayments', 'finished', p.gateway_payment_id, p.order_id,
       p.gateway_payment_id, 'sorted', 'moved', decode(repeat('00', 80), 'hex'), decode(repeat('00', 600), 'hex'),
       450, '')
 WHERE p.gateway_payment_id = :number::text;
"""


def commits_per_second(
    engine: PostgresEngine, url: str, *, first: int, count: int, clients: int, work: Path
) -> float:
    """Commits `count` orders' IPN rows, payments numbered from `first`, over `clients` connections."""
    _restart_numbers(url, first)
    script = work / "ipn.sql"
    script.write_text(SCRIPT)
    parts = urlsplit(url)
    command = [
        *(str(engine.binary("pgbench")), "-n", "-M", "prepared", "-f", str(script)),
        *("-c", str(clients), "-j", "2", "-t", str(count // clients)),
        *(
            "-h",
            str(parts.hostname),
            "-p",
            str(parts.port),
            "-U",
            str(parts.username),
            parts.path.lstrip("/"),
        ),
    ]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={"PGPASSWORD": parts.password or ""}
    )
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"pgbench said no figure: {done.stdout[-300:]}")
    return float(found[1])


def _restart_numbers(url: str, first: int) -> None:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("DROP SEQUENCE IF EXISTS bench_numbers")
            cursor.execute("CREATE SEQUENCE bench_numbers START %s CACHE 1", (first,))
    finally:
        connection.close()
