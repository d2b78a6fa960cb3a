"""A day's purchases beside a supplier's list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from bitloot.settings import Settings
from bitloot.states import SupplierStatus
from bitloot.suppliers.base import Listed
from db import base
from db.day import keep_listed, listing, our_purchases, our_sums, suppliers_of, their_sums
from tests.factories import a_product, a_waiting_order

DAY = datetime(2026, 11, 20, tzinfo=UTC)
NEXT = DAY + timedelta(days=1)


@pytest.fixture
def listed(database: Settings) -> Iterator[None]:
    with listing():
        yield


def an_entry(
    ref: str, at: datetime = DAY, status: SupplierStatus | None = SupplierStatus.DELIVERED
) -> Listed:
    return Listed(ref, f"BL-{ref}", status, at, Decimal("5.00"), "EUR", 2)


def purchased(*offsets: timedelta, supplier: str = "kinguin") -> list[str]:
    """The suppliers' references of purchases that were written down so long after the day began."""
    found = []
    for offset in offsets:
        _, [purchase] = a_waiting_order((a_product(supplier), 2))
        base.rows("UPDATE purchases SET created_at = %s WHERE id = %s RETURNING 1", DAY + offset, purchase.id)
        found.append(str(purchase.supplier_ref))
    return found


def test_an_order_that_is_listed_twice_counts_once(listed: None) -> None:
    keep_listed([an_entry("A"), an_entry("B")])
    keep_listed([an_entry("B")])
    keep_listed([])
    [sums] = their_sums(DAY, NEXT)
    assert (sums.orders, sums.keys, sums.amount, sums.currency) == (2, 4, Decimal("10.00"), "eur")


def test_only_what_was_charged_that_day_is_summed(listed: None) -> None:
    keep_listed([an_entry("A"), an_entry("early", DAY - timedelta(seconds=1)), an_entry("late", NEXT)])
    keep_listed([an_entry("back", status=SupplierStatus.REFUNDED), an_entry("odd", status=None)])
    [sums] = their_sums(DAY, NEXT)
    assert sums.orders == 2  # A, and the one whose status nobody knows


def test_a_long_list_is_kept_whole(listed: None) -> None:
    keep_listed([an_entry(str(number)) for number in range(1201)])
    assert their_sums(DAY, NEXT)[0].orders == 1201


def test_the_list_is_gone_afterwards(database: Settings) -> None:
    for _ in range(2):
        with listing():
            keep_listed([an_entry("A")])
    assert base.rows("SELECT to_regclass('listed')") == [(None,)]


def test_ours_are_those_of_the_day_and_supplier_read_by_page(listed: None) -> None:
    inside = purchased(*(timedelta(hours=hours) for hours in (0, 1, 2, 2, 23)))
    purchased(timedelta(seconds=-1), timedelta(days=1))
    purchased(timedelta(hours=1), supplier="reservations")
    found = list(our_purchases("kinguin", DAY, NEXT, unlisted=False, page=2))
    assert sorted(str(item.supplier_ref) for item in found) == sorted(inside)
    assert [str(item.supplier_ref) for item in found][:2] == inside[:2]
    [sums] = our_sums("kinguin", DAY, NEXT)
    assert (sums.orders, sums.keys, sums.amount) == (5, 10, Decimal("150.00"))


def test_what_the_list_lacks_is_what_we_think_is_bought(listed: None) -> None:
    there, missing, failed = purchased(*(timedelta(hours=hours) for hours in (1, 2, 3)))
    keep_listed([an_entry(there)])
    base.rows("UPDATE purchases SET state = 'failed' WHERE supplier_ref = %s RETURNING 1", failed)
    found = list(our_purchases("kinguin", DAY, NEXT, unlisted=True))
    assert [item.supplier_ref for item in found] == [missing]


def test_a_purchase_is_late_when_it_has_not_moved_for_two_minutes(listed: None) -> None:
    purchased(timedelta(hours=1))
    assert [item.late for item in our_purchases("kinguin", DAY, NEXT, unlisted=False)] == [False]
    base.rows("UPDATE purchases SET moved_at = now() - interval '121 seconds' RETURNING 1")
    assert [item.late for item in our_purchases("kinguin", DAY, NEXT, unlisted=False)] == [True]


def test_suppliers_that_nobody_set_up_are_counted(database: Settings) -> None:
    purchased(timedelta(hours=1))
    assert suppliers_of(DAY, NEXT, ["reservations"]) == {"kinguin": 1}
    assert suppliers_of(DAY, NEXT, ["kinguin"]) == {}


def test_the_purchases_of_a_day_go_by_an_index(database: Settings) -> None:
    base.rows("SELECT set_config('enable_seqscan', 'off', false)")
    asked = (
        "SELECT id FROM purchases WHERE supplier = 'kinguin' AND created_at >= now() AND created_at < now()"
    )
    plan = str(base.rows(f"EXPLAIN {asked} ORDER BY created_at, id LIMIT 5"))
    assert "Index Cond: ((created_at >=" in plan or "purchases_created_at" in plan
