"""Lists of admins on very many orders: how long one page takes, by list and filter, with sign-in and JSON."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import md5
from random import Random
from statistics import quantiles
from uuid import UUID

from falcon.testing import TestClient

from bench.admin_seed import seed_shop
from bench.lab import Lab
from bench.ours import our_environ
from bench.report import Figure, figure
from bitloot.settings import load_settings
from bitloot.shop import open_shop
from db import base
from web.app import create_app

__all__ = ["measure_admin"]

#: Pages of each kind; each asks for other values, so that no page is simply read again.
PAGES = 40

Ask = Callable[[int], str]


def _id(what: str, number: int) -> str:
    return str(UUID(md5(f"{what}{number}".encode(), usedforsecurity=False).hexdigest()))


def _since(number: int) -> str:
    return (datetime.now(UTC) - timedelta(hours=1 + number % 700)).strftime("%Y-%m-%dT%H:%M:%SZ")


#: Each makes the path of one page out of an order's number.
QUESTIONS: dict[str, Ask] = {
    "orders": lambda n: "orders",
    "orders, page 400": lambda n: "orders?page=400",
    "orders, oldest first": lambda n: "orders?sort=createdAt",
    "orders in a common state": lambda n: "orders?state=fulfilled",
    "orders in a rare state": lambda n: "orders?state=refund_due",
    "orders of a state and time": lambda n: f"orders?state=expired&since={_since(n)}",
    "orders by mail": lambda n: f"orders?email=buyer{n // 3}@example.test",
    "orders by the start of a mail": lambda n: f"orders?q=buyer{n // 3}",
    "orders by id": lambda n: f"orders?q={_id('order', n)}",
    "orders by payment's id": lambda n: f"orders?q={5_000_000_000 + n}",
    "orders by supplier's id": lambda n: f"orders?q=SUP{n}",
    "orders by nothing known": lambda n: f"orders?q=nothing{n}",
    "orders of a product": lambda n: f"orders?productId={_id('product', n % 500)}",
    "orders of a supplier": lambda n: "orders?supplier=reservations",
    "orders by coin": lambda n: "orders?payCurrency=xmr",
    "orders by an unknown coin": lambda n: "orders?payCurrency=doge",
    "orders that are parked": lambda n: "orders?held=true",
    "orders with a case": lambda n: "orders?caseKind=underpaid",
    "orders since": lambda n: f"orders?since={_since(n)}",
    "payments": lambda n: "payments",
    "payments by state": lambda n: "payments?state=partially_paid",
    "payments by id": lambda n: f"payments?paymentId={5_000_000_000 + n}",
    "reservations": lambda n: "reservations",
    "reservations by state": lambda n: "reservations?state=waiting",
    "reservations by supplier": lambda n: "reservations?supplier=kinguin",
    "reservations by reference": lambda n: f"reservations?reference=SUP{n}",
    "webhook logs": lambda n: "webhook-logs",
    "webhook logs by event": lambda n: "webhook-logs?event=partially_paid",
    "webhook logs by outcome": lambda n: "webhook-logs?outcome=late",
    "webhook logs by source and time": lambda n: f"webhook-logs?source=kinguin&since={_since(n)}",
    "webhook logs of an order": lambda n: f"webhook-logs?orderId={_id('order', n)}",
    "jobs": lambda n: "jobs?state=dead",
    "cases": lambda n: "cases?state=open",
    "letters": lambda n: "letters",
    "letters by fate": lambda n: "letters?fate=bounced",
    "letters by mail": lambda n: f"letters?recipient=buyer{n}@example.test",
    "products": lambda n: "products?q=of the bench",
    "key audit": lambda n: "key-audit",
    "key audit, refused": lambda n: "key-audit?outcome=refused",
    "one order": lambda n: f"orders/{_id('order', n)}",
    "one order's timeline": lambda n: f"orders/{_id('order', n)}/timeline",
}


def measure_admin(lab: Lab, *, count: int, say: Callable[[str], None]) -> list[Figure]:
    """p50 and p95 (ms) of one page of each kind on `count` orders; `runs` is how many pages were read."""
    client, token = _house(lab, count, say)
    headers = {"Authorization": f"Bearer {token}"}
    chance = Random(7)  # which orders are asked for, the same each time
    figures = []
    for name, ask in QUESTIONS.items():
        times = []
        for _ in range(PAGES):
            path = f"/admin/{ask(chance.randrange(1, count))}"
            began = time.perf_counter()
            answer = client.simulate_get(path, headers=headers)
            times.append((time.perf_counter() - began) * 1000)
            if answer.status_code != 200:
                raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
        p50, p95 = (quantiles(times, n=100)[share - 1] for share in (50, 95))
        figures += [figure(f"{name} p50", "ms", [p50]), figure(f"{name} p95", "ms", [p95])]
        say(f"{name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms")
    base.dispose()
    return figures


def _house(lab: Lab, count: int, say: Callable[[str], None]) -> tuple[TestClient, str]:
    """The application in this process, on a database with `count` orders; providers are never called."""
    port, stubs, gateway = lab.ports(3)
    url, state = lab.database("ours_admin"), lab.work / "admin"
    settings = load_settings(
        our_environ(url, lab.redis(5), port=port, stubs=stubs, gateway=gateway, state=state)
        | {"LOG_LEVEL": "error"}
    )
    base.configure(settings, application="bitloot bench")
    with base.scope():
        execute = base.database.execute_sql
        execute("SET statement_timeout = 0")  # type: ignore[no-untyped-call]
        execute("SET synchronous_commit = off")  # type: ignore[no-untyped-call]
        seed_shop(execute, count, say)
        execute("VACUUM ANALYZE")  # type: ignore[no-untyped-call]
    base.dispose()
    shop = open_shop(settings)
    return TestClient(create_app(settings, shop)), shop.tokens.admin("bench", "owner", 3600)
