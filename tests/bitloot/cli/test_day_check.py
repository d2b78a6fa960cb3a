"""How a supplier's day is asked for; what is found is shown in test_prove_day.py and tests/db/test_differences.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bitloot.cli.day_check import MARGIN, MOST_SILENT, check_day
from bitloot.errors import Permanent, Retryable
from bitloot.suppliers.base import Listed, Standing
from bitloot.suppliers.kinguin import Kinguin
from db import base
from tests.factories import a_product, a_waiting_order

DAY = datetime(2026, 11, 20, tzinfo=UTC)
NEXT = DAY + timedelta(days=1)


class Books(Kinguin):
    """Kinguin with books of its own; a piece of the list may hold `most` orders."""

    def __init__(self, made: Sequence[datetime], most: int) -> None:
        self.made, self.most = made, most
        self.asked: list[tuple[datetime, datetime]] = []

    def orders_between(
        self, since: datetime, until: datetime, product_ref: str | None = None
    ) -> Sequence[Listed]:
        self.asked.append((since, until))
        found = [
            Listed(f"S{number}", None, None, at, Decimal(1), "eur", 1)
            for number, at in enumerate(self.made)
            if since <= at < until
        ]
        if len(found) > self.most:
            raise Permanent("too many", code="too_many_orders")
        return found


class Silent(Books):
    """Gives no list and answers nothing."""

    capabilities = replace(Kinguin.capabilities, listing=False)

    def status(self, supplier_ref: str, expected: int | None = None) -> Standing:
        raise Retryable("no answer", code="http_503")


pytestmark = pytest.mark.usefixtures("database")


def purchases(count: int) -> None:
    for _ in range(count):
        a_waiting_order((a_product("kinguin"), 1))
    base.rows("UPDATE purchases SET created_at = %s RETURNING 1", DAY)


def test_the_list_is_asked_by_pieces_that_cover_the_day_and_its_margins() -> None:
    books = Books([], most=10)
    told: list[str] = []
    check_day(books, DAY, NEXT, told.append)
    assert books.asked[0][0] == DAY - MARGIN
    assert books.asked[-1][1] == NEXT + MARGIN
    assert all(end == start for (_, end), (start, _) in zip(books.asked, books.asked[1:], strict=False))
    assert len(told) == len(books.asked)


def test_a_piece_that_is_too_long_is_asked_in_halves() -> None:
    made = [DAY + timedelta(minutes=minute) for minute in range(60)]
    day = check_day(Books(made, most=7), DAY, NEXT, lambda _: None)
    assert day.theirs[0].orders == 60
    assert day.found[0][1] == 60


def test_orders_of_one_second_that_are_too_many_are_an_error() -> None:
    with pytest.raises(Permanent, match="too many"):
        check_day(Books([DAY] * 9, most=7), DAY, NEXT, lambda _: None)


def test_the_hours_to_come_are_not_asked_for() -> None:
    books = Books([], most=10)
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    check_day(books, midnight, midnight + timedelta(days=1), lambda _: None)
    assert books.asked[-1][1] <= now + MARGIN + timedelta(minutes=1)


def test_a_supplier_that_is_silent_is_not_asked_on() -> None:
    purchases(MOST_SILENT - 1)
    day = check_day(Silent([], most=1), DAY, NEXT, lambda _: None)
    assert [found.kind for found, _ in day.wrong] == ["not_asked"] * (MOST_SILENT - 1)
    purchases(1)
    with pytest.raises(Retryable, match="in a row had no answer"):
        check_day(Silent([], most=1), DAY, NEXT, lambda _: None)
