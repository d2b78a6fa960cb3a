"""F25: keys that come one by one, late, never, in pictures, or for the second time."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from tests.faults.patience import until, while_it_grows
from tests.faults.plan import row
from tests.faults.shop import FaultShop
from tests.faults.strangers import BRISK, buy, case_kinds, misbehaving
from tests.faults.trial import Trial
from tests.flows.house import Sale

__all__ = ["keys_in_pieces"]

#: Three keys each, so that there is a first, a second and a last.
KINGUIN, RESERVATIONS = "moss-and-iron", "tin-parade"


@row("F25", "supplier: keys in pieces, late, twice", short=12, full=600)
def keys_in_pieces(trial: Trial) -> None:
    """Each key lies in one object of the right line (I4); what is short or given twice is before a person."""
    baskets = [[(KINGUIN, 3)] if number % 2 else [(RESERVATIONS, 3)] for number in range(trial.orders)]
    often: dict[str, Any] = {"share": 0.2} if trial.full else {"count": 2}
    plan = [
        {"name": "keys_one_by_one", "seconds": 0.5} | often,
        {"name": "last_key_late", "seconds": 1.5} | often,
        {"name": "same_key"} | often,
        {"name": "image_key"} | often,
    ]
    with trial.shop(**BRISK) as shop:
        with misbehaving(trial, shop, plan):
            sales = buy(shop, baskets)
            while_it_grows(lambda: len(sales) - len(_moving(shop, sales)), len(sales), seconds=60)
            if moving := _moving(shop, sales):
                trial.violation(f"I10 {len(moving)} orders are not at rest, and 60 s brought no more")
        _twins_are_told(trial, shop)
        for kind, number in case_kinds(shop).items():
            trial.note(f"cases {kind}", number)
    _two_of_three(trial)


def _moving(shop: FaultShop, sales: list[Sale]) -> list[str]:
    """Orders that are not fulfilled yet and about which nobody is asked; a code sold twice stops no order."""
    found = shop.rows(
        "SELECT o.id::text FROM orders o WHERE o.id = ANY(%s::uuid[]) AND o.state <> 'fulfilled' AND NOT EXISTS"
        " (SELECT 1 FROM cases c WHERE c.order_id = o.id AND c.state = 'open' AND c.kind <> 'duplicate_key')",
        [sale.order_id for sale in sales],
    )
    return [order for (order,) in found]


def _twins_are_told(trial: Trial, shop: FaultShop) -> None:
    """One content in several orders: all but the first have a case. What was sold so the supplier's ledger says."""
    outside = shop.evidence().outside
    orders = dict(shop.rows("SELECT purchase_ref, order_id::text FROM purchases"))
    holders: dict[str, set[str]] = {}
    for ref, fingerprints in outside.sold.items():
        for fingerprint in fingerprints:
            holders.setdefault(fingerprint, set()).add(orders.get(ref, ref))
    shared = [who for who in holders.values() if len(who) > 1]
    with suppress(AssertionError):  # a case is opened in the moment after its order was fulfilled
        until(lambda: not _untold(shop, shared), seconds=10)
    for who in _untold(shop, shared):
        trial.violation(f"one key was sold to {len(who)} orders, and nobody was told: {sorted(who)}")
    trial.note("keys sold to two orders", len(shared))
    if not shared:
        trial.violation("no key was sold to two orders")


def _untold(shop: FaultShop, shared: list[set[str]]) -> list[set[str]]:
    asked = {order for (order,) in shop.rows("SELECT order_id::text FROM cases WHERE kind = 'duplicate_key'")}
    return [who for who in shared if len(who & asked) < len(who) - 1]


def _two_of_three(trial: Trial) -> None:
    """The third key never comes: two are kept. When the supplier pays back at last, a person has a case."""
    with trial.shop(**BRISK) as shop:
        with misbehaving(trial, shop, [{"name": "last_key_never"}]):
            [sale] = buy(shop, [[(KINGUIN, 3)]])
            until(lambda: _kept(shop, sale) == 2, seconds=60, what="two keys")
        if shop.state(sale) == "fulfilled":
            trial.violation("fulfilled with two keys of three")
        [(ref,)] = shop.rows("SELECT supplier_ref FROM purchases WHERE order_id = %s", sale.order_id)
        shop.control(f"kinguin/orders/{ref}/move", status="refunded")
        until(lambda: not _moving(shop, [sale]), seconds=60, what="a case")
        if _kept(shop, sale) != 2 or shop.state(sale) == "fulfilled":
            trial.violation(f"of two keys {_kept(shop, sale)} are left, and the order is {shop.state(sale)}")


def _kept(shop: FaultShop, sale: Sale) -> int:
    return int(shop.rows("SELECT count(*) FROM keys WHERE order_id = %s", sale.order_id)[0][0])
