"""Lists: one count, one page, a place to go on from; what a caller says is never SQL."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from bitloot.settings import Settings
from db import base
from db.access_list import ACCESSES
from db.lists import BadPage, either, prefix
from db.order_list import ORDERS
from db.product_list import PRODUCTS
from db.purchase_list import PURCHASES
from tests.factories import a_product, a_waiting_order, an_order


def test_a_list_takes_two_statements(database: Settings) -> None:
    a_waiting_order()
    seen: list[object] = []
    hooks = base.database.query_hooks
    hooks.append(seen.append)
    try:
        found = PURCHASES.page({}, limit=10)
    finally:
        hooks.remove(seen.append)
    assert (found.total, len(found.rows), found.capped, found.cursor, len(seen)) == (1, 1, False, None, 2)


def test_times_bound_a_list(database: Settings) -> None:
    a_waiting_order()
    now = datetime.now(UTC)
    assert PURCHASES.page({"since": now - timedelta(hours=1)}, limit=1).total == 1
    assert PURCHASES.page({"until": now - timedelta(hours=1)}, limit=1).total == 0
    assert PURCHASES.page({"since": None}, limit=1).total == 1


def test_a_cursor_goes_on_where_a_page_ended_whatever_came_meanwhile(database: Settings) -> None:
    made = [an_order().id for _ in range(5)]
    for sort, order in (("created_at", made), ("-created_at", made[::-1])):
        seen, cursor = [], None
        for _ in range(3):
            page = ORDERS.page({}, limit=2, sort=sort, cursor=cursor)
            seen += [row.id for row in page.rows]
            cursor = page.cursor
            if sort.startswith("-"):
                an_order()
        assert seen == order


def test_a_cursor_works_for_texts_and_equal_values(database: Settings) -> None:
    for number in range(3):
        a_product(sku=f"game-{number}", name="Zoë’s game")
    first = PRODUCTS.page({}, limit=2)
    second = PRODUCTS.page({}, limit=2, cursor=first.cursor)
    assert len({row.sku for row in (*first.rows, *second.rows)}) == 3


def test_more_than_is_counted_is_told_as_such(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.lists.CAP", 2)
    for _ in range(3):
        an_order()
    found = ORDERS.page({}, limit=1)
    assert (found.total, found.capped) == (2, True)
    with pytest.raises(BadPage, match="by the cursor of each") as caught:
        ORDERS.page({}, limit=1, page=3)
    assert caught.value.at == "page"


def test_fewer_are_counted_where_each_must_be_looked_up_elsewhere(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.lists.CAP_ELSEWHERE", 1)
    game = a_product("kinguin")
    for _ in range(3):
        an_order((game, 1))
    for filters, total, capped in (
        ({}, 3, False),
        ({"supplier": "kinguin"}, 1, True),
        ({"supplier": "x"}, 0, False),
    ):
        found = ORDERS.page(filters, limit=1)
        assert (found.total, found.capped) == (total, capped)
    first = ORDERS.page({"supplier": "kinguin"}, limit=1)
    onward = ORDERS.page({"supplier": "kinguin"}, limit=2, cursor=first.cursor)
    assert len({row.id for row in (*first.rows, *onward.rows)}) == 3


@pytest.mark.parametrize(
    "cursor", ["x", "bm9uZQ", "WyItY3JlYXRlZF9hdCIsMSwyXQ", "WyJjcmVhdGVkX2F0IiwiYSIsImIiXQ"]
)
def test_what_is_no_cursor_is_refused(database: Settings, cursor: str) -> None:
    with pytest.raises(BadPage):
        ORDERS.page({}, limit=1, cursor=cursor)


def test_texts_and_numbers_of_a_cursor_may_be_anything(database: Settings) -> None:
    lone = json.dumps(["name", "\ud800", str(uuid.uuid4())])
    endless = json.dumps(["-at", "2026-01-01T00:00:00+00:00", float("inf")])
    for listing, sort, told in ((PRODUCTS, "name", lone), (ACCESSES, "-at", endless)):
        with pytest.raises(BadPage):
            listing.page({}, limit=1, sort=sort, cursor=base64.urlsafe_b64encode(told.encode()).decode())


def test_conditions_are_sql_with_places_for_values() -> None:
    condition = prefix("o.email")
    assert not isinstance(condition, str)
    assert condition("50%_Off\\") == ("lower(o.email) LIKE %s", ["50\\%\\_off\\\\%"])
    flag = either("a", "b")
    assert not isinstance(flag, str)
    assert (flag(True), flag(False)) == (("a", ()), ("b", ()))
