"""Every list is found by an index, in its usual order and by each of its main filters, however many rows there are."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench.admin_seed import seed_shop
from bitloot.settings import Settings
from db import base
from db.lists import Listing
from web.admin.lists import LISTS

#: Enough that reading a whole table costs far more than an index.
MANY = 8_000

NOBODY = uuid.UUID("00000000-0000-4000-8000-000000000000")
LATELY = datetime.now(UTC) - timedelta(hours=6)

#: By list: the filters that operators use most. The usual order comes without any.
MAIN: dict[str, list[dict[str, Any]]] = {
    "orders": [
        {"q": "buyer77@"},
        {"q": "5000000077"},
        {"q": str(NOBODY)},
        {"state": "review"},
        {"state": "fulfilled", "since": LATELY},
        {"email": "Buyer77@example.test"},
        {"pay_currency": "doge"},
        {"product_id": NOBODY},
        {"supplier": "nobody"},
        {"held": True},
        *({"case_kind": "late"}, {"open_case": True}),
        {"since": LATELY},
    ],
    "payments": [
        *({"state": "partially_paid"}, {"order_id": NOBODY}, {"payment_id": "5000000077"}, {"since": LATELY}),
        *({"pay_address": "bc1"}, {"pay_currency": "doge"}),
    ],
    "reservations": [
        *({"state": "manual"}, {"supplier": "nobody"}, {"order_id": NOBODY}, {"reference": "SUP77"}),
        *({"product_ref": "ref-none"}, {"since": LATELY}),
    ],
    "webhook-logs": [
        *({"source": "nobody"}, {"event": "expired"}, {"outcome": "unmatched"}, {"verdict": "foreign"}),
        *({"order_id": NOBODY}, {"external_id": "5000000077"}, {"since": LATELY}),
    ],
    "jobs": [{"state": "dead"}, {"actor": "finalize"}, {"order_id": NOBODY}, {"subject_id": "x"}],
    "cases": [{"state": "open"}, {"kind": "stuck"}, {"order_id": NOBODY}],
    "letters": [
        *(
            {"state": "failed"},
            {"fate": "bounced"},
            {"order_id": NOBODY},
            {"recipient": "Buyer77@example.test"},
        ),
        {"since": LATELY},
    ],
    "products": [{"sku": "sku-77"}],
    "key-audit": [
        *({"order_id": NOBODY}, {"action": "export"}, {"actor": "admin:nobody"}, {"outcome": "refused"}),
        {"since": LATELY},
    ],
}

#: They hold only what a filter asks for.
PARTIAL = {"orders_parked", "cases_of_orders"}

#: Tables with more rows than a page is long.
LARGE = {"orders", "payments", "purchases", "lines", "notices", "letters", "access_records", "moves"}


@pytest.fixture
def many(untouched_database: None, database: Settings) -> Settings:
    seed_shop(base.database.execute_sql, MANY)
    return database


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def plans(listing: Listing[Any], filters: dict[str, Any], sort: str, patch: Any) -> list[dict[str, Any]]:
    """The plan nodes of both statements of a page, which are explained instead of run."""
    seen: list[dict[str, Any]] = []

    def explain(sql: str, *params: Any) -> list[tuple[Any, ...]]:
        [(found,)] = base.planned_rows(f"EXPLAIN (FORMAT JSON) {sql}", *params)
        seen.append((found if isinstance(found, list) else json.loads(found))[0]["Plan"])
        return [(0,)] if sql.startswith("SELECT count") else []

    patch.setattr("db.lists.planned_rows", explain)
    listing.page(filters, limit=25, sort=sort)
    assert len(seen) == 2
    return [node for plan in seen for node in nodes(plan)]


@pytest.mark.usefixtures("many")
def test_every_list_and_main_filter_is_answered_by_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {told.listing.name for told in LISTS} == set(MAIN)
    base.database.execute_sql("SET enable_seqscan = off")  # type: ignore[no-untyped-call]
    for told in LISTS:
        listing = told.listing
        asked: list[tuple[dict[str, Any], str]] = [({}, sort) for sort in listing.sorts]
        asked += [({}, f"-{sort}") for sort in listing.sorts]
        asked += [(filters, listing.usual) for filters in MAIN[listing.name]]
        for filters, sort in asked:
            with monkeypatch.context() as patch:
                found = plans(listing, filters, sort, patch)
            read = {node["Relation Name"] for node in found if node["Node Type"] == "Seq Scan"}
            assert not read & LARGE, (listing.name, filters, sort)
            walked = [node for node in found if filters and walks(node)]
            assert walked == [], (listing.name, filters, sort)


def walks(node: dict[str, Any]) -> bool:
    """Whether it goes through an index of all rows and looks at each."""
    scans = node["Node Type"] in {"Index Scan", "Index Only Scan", "Bitmap Index Scan"}
    return scans and "Index Cond" not in node and node["Index Name"] not in PARTIAL
