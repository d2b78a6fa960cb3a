"""Each rule on a listed order, and a pair that breaks it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bitloot.settings import Settings
from bitloot.states import SupplierStatus
from bitloot.suppliers.base import Listed
from db import Purchase, base
from db.day import keep_listed, listing
from db.differences import NAMED, RULES, differences
from tests.factories import a_waiting_order
from tests.timeline import finished

DAY = datetime(2026, 11, 20, tzinfo=UTC)
NEXT = DAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def listed(database: Settings) -> Iterator[None]:
    with listing():
        yield


def there(purchase: Purchase, **changes: Any) -> None:
    """The purchase as the supplier lists it, but for `changes`."""
    told: dict[str, Any] = {
        "supplier_ref": str(purchase.supplier_ref),
        "purchase_ref": purchase.purchase_ref,
        "status": SupplierStatus.DELIVERED,
        "created_at": DAY,
        "total": purchase.max_price * purchase.quantity,
        "currency": "EUR",
        "quantity": purchase.quantity,
    }
    keep_listed([Listed(**(told | changes))])


def bought() -> Purchase:
    _, [purchase] = finished(mailed=False, revealed=False)
    return purchase


def kinds() -> dict[str, bool]:
    """What is found, by kind: whether it is harmless."""
    return {found.kind: found.harmless for found, _ in differences("kinguin", DAY, NEXT)}


def change(purchase: Purchase, columns: str) -> None:
    base.rows(f"UPDATE purchases SET {columns} WHERE id = %s RETURNING 1", purchase.id)


def test_a_pair_that_agrees_is_not_named() -> None:
    there(bought())
    assert kinds() == {}


def test_a_reference_of_ours_that_the_list_does_not_tell_is_no_difference() -> None:
    there(bought(), purchase_ref=None)
    assert kinds() == {}


@pytest.mark.parametrize("status", [SupplierStatus.DELIVERED, SupplierStatus.PENDING, None])
def test_charged_there_and_unknown_here(status: SupplierStatus | None) -> None:
    there(bought(), supplier_ref="S", purchase_ref="other", status=status)
    assert kinds() == {"unknown_here": False}


def test_ended_there_and_unknown_here_cost_nothing() -> None:
    there(bought(), supplier_ref="S", purchase_ref="other", status=SupplierStatus.CANCELED)
    assert kinds() == {"ended_unknown": True}


def test_a_second_order_whose_twin_the_list_does_not_show() -> None:
    there(bought(), supplier_ref="S")
    assert kinds() == {"second_order": False}


def test_two_orders_under_one_reference() -> None:
    purchase = bought()
    there(purchase)
    there(purchase, supplier_ref="S")
    assert kinds() == {"double": False, "twin": True}


def test_two_orders_that_we_know_nothing_of_are_a_double_too() -> None:
    for ref in ("S", "T"):
        there(bought(), supplier_ref=ref, purchase_ref="BY-HAND")
    assert kinds() == {"double": False, "unknown_here": False}


def test_a_double_that_began_the_day_before_is_named() -> None:
    purchase = bought()
    there(purchase, created_at=DAY - timedelta(minutes=5))
    there(purchase, supplier_ref="S")
    assert kinds() == {"double": False, "twin": True}


def test_an_order_of_ours_under_a_strangers_reference() -> None:
    there(bought(), purchase_ref="other")
    assert kinds() == {"other_reference": False}


def test_a_status_that_nobody_knows() -> None:
    there(bought(), status=None)
    assert kinds() == {"unknown_status": False}


@pytest.mark.parametrize("state", ["intent", "sending", "ambiguous", "placed", "blocked", "failed", "manual"])
def test_paid_there_and_not_bought_here(state: str) -> None:
    purchase = bought()
    there(purchase)
    change(purchase, f"state = '{state}', moved_at = now() - interval '1 hour'")
    assert kinds() == {"status": False}


def test_what_has_just_moved_is_under_way() -> None:
    _, [purchase] = a_waiting_order()
    there(purchase)
    assert kinds() == {"under_way": True}
    change(purchase, "moved_at = now() - interval '1 hour'")
    assert kinds() == {"keys_missing": False}


def test_pending_there_and_waiting_here_agree_however_long() -> None:
    _, [purchase] = a_waiting_order()
    there(purchase, status=SupplierStatus.PENDING)
    change(purchase, "moved_at = now() - interval '1 hour'")
    assert kinds() == {}


def test_ended_there_and_failed_here_agree() -> None:
    purchase = bought()
    there(purchase, status=SupplierStatus.CANCELED)
    assert kinds() == {"ended_there": False}
    change(purchase, "state = 'failed'")
    assert kinds() == {}


def test_another_number_of_keys_and_a_higher_price() -> None:
    there(bought(), quantity=2)
    there(bought(), total=Decimal("15.01"))
    there(bought(), total=Decimal("900"), currency="usd")  # not to be compared
    assert kinds() == {"quantity": False, "price": False}


def test_orders_of_other_days_are_not_judged() -> None:
    there(bought(), supplier_ref="S", purchase_ref="a", created_at=DAY - timedelta(milliseconds=1))
    there(bought(), supplier_ref="T", purchase_ref="b", created_at=NEXT)
    assert kinds() == {}


def test_many_of_one_kind_are_counted_and_some_named() -> None:
    keep_listed(
        [
            Listed(f"S{number}", None, SupplierStatus.DELIVERED, DAY, None, None, None)
            for number in range(NAMED + 7)
        ]
    )
    found = list(differences("kinguin", DAY, NEXT))
    assert len(found) == NAMED
    assert {many for _, many in found} == {NAMED + 7}


def test_another_suppliers_purchases_are_strangers() -> None:
    there(bought())
    assert {found.kind for found, _ in differences("reservations", DAY, NEXT)} == {"unknown_here"}


def test_every_rule_has_a_name_of_its_own() -> None:
    assert len({kind for kind, *_ in RULES}) == len(RULES)
