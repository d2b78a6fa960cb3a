"""What sweep asks ten times a minute is answered by an index, however many orders there are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from bitloot.settings import Settings
from bitloot.states import ACTIVE, OrderState
from db import base, claim_due, claim_polls
from db.orders import still_due
from db.purchase_checks import claim_checks
from db.stuck import end_stuck, expire_unpaid, raise_alarms
from tests.factories import a_waiting_order

#: Enough that reading a whole table costs far more than an index.
MANY = 20_000

FILL = (
    "INSERT INTO orders (id, state, seq, email, price, currency, pay_currency, due_at, created_at, moved_at)"
    " SELECT gen_random_uuid(), CASE WHEN mod(n, 20) = 0 THEN 'created' ELSE 'fulfilled' END, 1, 'b@example.test', 20,"
    " 'eur', 'btc', NULL, now() - n * interval '1 second', now() - n * interval '1 second'"
    " FROM generate_series(1, %s) n RETURNING 1",
    "INSERT INTO payments (id, order_id, gateway, gateway_payment_id, state, rank, price, currency, pay_amount,"
    " pay_currency, pay_address, created_at, updated_at) SELECT gen_random_uuid(), id, 'nowpayments', id::text,"
    " 'finished', 7, 20, 'eur', 0.1, 'btc', 'a', now(), now() FROM orders LIMIT %s RETURNING 1",
    "INSERT INTO purchases (id, order_id, line_id, generation, supplier, purchase_ref, state, attempt, looks,"
    " product_ref, quantity, max_price, currency, text_only, keys_expected, keys_stored, created_at, moved_at)"
    " SELECT gen_random_uuid(), l.order_id, l.id, n + 1, 'kinguin', 'BL-' || n, 'failed', 0, 0, 'p', 1, 1, 'eur', true,"
    " 1, 0, now(), now() FROM lines l, generate_series(1, %s) n RETURNING 1",
    "INSERT INTO cases (id, order_id, subject, kind, figures, state, opened_at) SELECT gen_random_uuid(), id, 'paid',"
    " 'stuck', '{}', 'resolved', now() FROM orders LIMIT %s RETURNING 1",
)

Ask = Callable[[], Any]

WAITING = set(OrderState) - {OrderState.EXPIRED, OrderState.REFUNDED}

QUESTIONS: dict[str, Ask] = {
    **{f"due {state}": partial(claim_due, state, 200, 15) for state in sorted(ACTIVE)},
    "still due": still_due,
    "purchases": lambda: claim_checks(200, 300),
    **{f"stuck {state}": partial(raise_alarms, state, 8 * 86_400.0, 200) for state in sorted(WAITING)},
    "ended": lambda: end_stuck(200),
    "unpaid": lambda: expire_unpaid(7, 200),
}


@pytest.fixture
def many(untouched_database: None, database: Settings) -> None:
    a_waiting_order()
    for statement in FILL:
        base.rows(statement, MANY)
    for table in ("orders", "payments", "purchases", "cases"):
        base.database.execute_sql(f"ANALYZE {table}")  # type: ignore[no-untyped-call]


def plans(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The plan nodes of the statement that `ask` makes, which is explained instead of run."""
    seen: list[dict[str, Any]] = []

    def explain(sql: str, *params: Any) -> list[tuple[Any, ...]]:
        [(found,)] = base.rows(f"EXPLAIN (FORMAT JSON) {sql}", *params)
        seen.append((found if isinstance(found, list) else json.loads(found))[0]["Plan"])
        return [(0,)] if sql.startswith("SELECT count") else []

    for module in ("orders", "purchase_checks", "stuck"):
        monkeypatch.setattr(f"db.{module}.rows", explain)
    ask()
    assert seen
    return [node for plan in seen for node in nodes(plan)]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


@pytest.mark.usefixtures("many")
def test_every_question_of_sweep_is_answered_by_an_index_and_an_idle_one_reads_next_to_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, ask in QUESTIONS.items():
        with monkeypatch.context() as patch:
            found = plans(ask, patch)
        read = [node.get("Relation Name", "") for node in found if node["Node Type"] == "Seq Scan"]
        assert read == [], name
        indexes = {node["Index Name"] for node in found if "Index Name" in node}
        assert indexes & {
            "orders_due",
            "orders_standing",
            "orders_unpaid",
            "purchases_check_at",
            "cases_stuck",
        }, name
    for sql in (  # blocks that one idle question touches: the index's root, not the table
        "SELECT 1 FROM payments WHERE poll_at <= now()",
        "SELECT id FROM orders WHERE state = 'paid' AND due_at <= now() ORDER BY due_at LIMIT 200",
    ):
        [(found,)] = base.rows(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}")
        plan = (found if isinstance(found, list) else json.loads(found))[0]["Plan"]
        assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 10
    assert claim_polls(200, 60, rate=3, window=10) == []
