"""A walk finds what the list's own conditions find, each row once, and knows its time."""

from __future__ import annotations

from typing import Any

from bitloot.settings import Settings
from db import base, open_case
from db.order_list import ORDERS
from db.walks import Source, Walk, where
from tests.factories import a_product, an_order

WALK = Walk("lines l", "l.at", "l.order_id", {"product": "l.product = %s", "since": "l.at >= %s"})


def test_a_walk_answers_alone_what_it_can_and_asks_the_list_for_the_rest() -> None:
    conditions = {"product": "EXISTS (…)", "since": "o.at >= %s", "state": "o.state = %s"}
    own = Source("orders o", "o.at", "o.id", *where(conditions, {"state": "paid"}))
    alone = WALK.source(own, conditions, {"product": 1, "since": 2})
    assert (alone.table, alone.values) == ("lines l", [1, 2])
    assert alone.where == "true AND (l.product = %s) AND (l.at >= %s)"
    joined = WALK.source(own, conditions, {"product": 1, "state": "paid"})
    assert joined.table == "lines l JOIN orders o ON o.id = l.order_id AND o.at = l.at"
    assert joined.where == "true AND (l.product = %s) AND (o.state = %s)"
    assert own.found() == "SELECT 1 FROM orders o WHERE true AND (o.state = %s)"
    assert ("DISTINCT" in own.places("DESC"), "DISTINCT" in alone.found()) == (False, True)


def pages(**filters: Any) -> list[Any]:
    """By cursor, one at a time, and told as many as were found."""
    seen, cursor = [], None
    while True:
        page = ORDERS.page(filters, limit=1, cursor=cursor)
        seen += [row.id for row in page.rows]
        cursor = page.cursor
        if cursor is None:
            assert page.total == len(seen)
            return seen


def test_orders_by_line_or_case_are_each_found_once_newest_first(database: Settings) -> None:
    game, other = a_product("kinguin"), a_product("reservations")
    first, second, third = (
        an_order((game, 1), (game, 2)),
        an_order((other, 1), (game, 1)),
        an_order((other, 1)),
    )
    for order in (first, third):
        for subject in ("one", "another"):
            open_case(order.id, subject, "late", {})
    assert pages(product_id=game.id) == pages(supplier="kinguin") == [second.id, first.id]
    assert pages(case_kind="late") == pages(open_case=True) == [third.id, first.id]
    assert pages(open_case=False) == [second.id]
    assert pages(product_id=game.id, supplier="reservations") == [second.id]
    assert pages(product_id=game.id, case_kind="late", state="created") == [first.id]
    assert pages(supplier="reservations", since=third.created_at) == [third.id]
    assert pages(supplier="reservations", until=third.created_at, open_case=False) == [second.id]
    assert pages(product_id=game.id, case_kind="late", open_case=False) == []


def test_lines_and_cases_keep_their_orders_time_whoever_writes_them(database: Settings) -> None:
    order = an_order()
    base.rows(
        "INSERT INTO lines SELECT gen_random_uuid(), order_id, 2, product_id, name, quantity, unit_price, supplier,"
        " supplier_ref, max_cost, cost_currency, text_only FROM lines RETURNING 1"
    )
    open_case(order.id, "payment", "late", {})
    for table in ("lines", "cases"):
        assert set(base.rows(f"SELECT ordered_at FROM {table}")) == {(order.created_at,)}
