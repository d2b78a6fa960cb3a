"""One supplier's day beside ours: its list both ways, or, where it gives none, each of our purchases asked by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bitloot.errors import Ambiguous, BitLootError, Permanent, Retryable
from bitloot.states import PurchaseState, SupplierStatus
from bitloot.suppliers.base import Standing, Supplier
from db.day import (
    BOUGHT,
    OurPurchase,
    Sums,
    keep_listed,
    listing,
    our_purchases,
    our_sums,
    their_sums,
)
from db.differences import Difference, differences

__all__ = ["MARGIN", "SupplierDay", "check_day"]

#: Asked before and after the day, since the two clocks and the search ladder may put one order on two dates.
MARGIN = timedelta(hours=1)

#: The list is asked by pieces of this length, or shorter where a piece holds too many orders.
PIECE, SHORTEST = timedelta(hours=1), timedelta(seconds=10)

#: Purchases missing from a list that are asked by their own id, one call each.
MOST_ASKED = 500

#: After so many questions without an answer the supplier is not asked on.
MOST_SILENT = 5

ENDED = frozenset({SupplierStatus.CANCELED, SupplierStatus.REFUNDED, SupplierStatus.FAILED})

Told = Callable[[str], None]
Found = tuple[Difference, int]  # a difference, and how many there are of its kind; 1 where each is told alone


@dataclass(frozen=True)
class SupplierDay:
    """`theirs` is empty where the supplier gives no list; `blind` then says what this proof cannot see."""

    supplier: str
    theirs: Sequence[Sums]
    ours: Sequence[Sums]
    found: Sequence[Found]
    asked: int = 0  # purchases that were asked by their own id
    blind: str | None = None

    @property
    def wrong(self) -> list[Found]:
        return [item for item in self.found if not item[0].harmless]

    @property
    def harmless(self) -> list[Found]:
        return [item for item in self.found if item[0].harmless]


def check_day(supplier: Supplier, since: datetime, until: datetime, told: Told) -> SupplierDay:
    """Compares [since, until); `told` hears how far it is. Needs a connection scope.

    Raises what the supplier's list raises: then nothing is known.
    """
    if not supplier.capabilities.listing:
        return _by_name(supplier, since, until, told)
    with listing():
        for start, end in _pieces(since - MARGIN, min(until + MARGIN, datetime.now(UTC) + MARGIN)):
            _keep(supplier, start, end, told)
        found = list(differences(supplier.name, since, until))
        missing = list(_missing(supplier, since, until, told))
        theirs = their_sums(since, until)
    ours = our_sums(supplier.name, since, until)
    return SupplierDay(supplier.name, theirs, ours, [*found, *missing], asked=len(missing))


def _pieces(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    while since < until:
        yield since, min(since + PIECE, until)
        since += PIECE


def _keep(supplier: Supplier, since: datetime, until: datetime, told: Told) -> None:
    """One piece of the list; in halves where it is too long to be read."""
    told(f"{supplier.name}: its list, {since:%d %b %H:%M}")
    try:
        keep_listed(supplier.orders_between(since, until))
    except Permanent as error:
        if error.code != "too_many_orders" or until - since <= SHORTEST:
            raise
        middle = since + (until - since) / 2
        _keep(supplier, since, middle, told)
        _keep(supplier, middle, until, told)


def _missing(supplier: Supplier, since: datetime, until: datetime, told: Told) -> Iterator[Found]:
    """What we bought and the list lacks. The supplier may still know it by its id, under another date."""
    for number, purchase in enumerate(our_purchases(supplier.name, since, until, unlisted=True), 1):
        told(f"{supplier.name}: asking for what its list lacks, {number}")
        if number > MOST_ASKED:
            yield _one(purchase, "not_asked", "missing from the list; too many are missing to ask for each")
        else:
            yield _unlisted(supplier, purchase)


def _unlisted(supplier: Supplier, purchase: OurPurchase) -> Found:
    standing = _ask(supplier, purchase)
    if not isinstance(standing, Standing):
        return standing
    if standing.status in ENDED:
        return _one(purchase, "ended_there", f"{standing.status} there, bought here")
    return _one(purchase, "other_date", "known there by its id, listed under another date", harmless=True)


def _by_name(supplier: Supplier, since: datetime, until: datetime, told: Told) -> SupplierDay:
    """Raises Retryable when the supplier does not answer any more."""
    found: list[Found] = []
    asked = silent = 0
    for purchase in our_purchases(supplier.name, since, until, unlisted=False):
        asked += 1
        told(f"{supplier.name}: asking for each purchase by its id, {asked}")
        standing = _ask(supplier, purchase)
        item = _judge(purchase, standing) if isinstance(standing, Standing) else standing
        found += [item] if item else []
        silent = silent + 1 if item and item[0].kind == "not_asked" else 0
        if silent == MOST_SILENT:
            raise Retryable(f"{supplier.name}: {silent} questions in a row had no answer", code="no_answer")
    blind = "It gives no list, so that what was charged there and is unknown here cannot be seen."
    ours = our_sums(supplier.name, since, until)
    return SupplierDay(supplier.name, [], ours, found, asked=asked, blind=blind)


def _judge(purchase: OurPurchase, standing: Standing) -> Found | None:
    """By the supplier's own word on one of our purchases; None where both agree."""
    bought, late = purchase.state in BOUGHT, purchase.late
    if purchase.state not in BOUGHT and purchase.state not in {PurchaseState.FAILED, PurchaseState.MANUAL}:
        if standing.paid and late:
            return _one(purchase, "status", f"paid there, {purchase.state} here")
        return None if not standing.paid else _one(purchase, "under_way", "under way", harmless=True)
    if standing.status in ENDED and bought:
        return _one(purchase, "ended_there", f"{standing.status} there, {purchase.state} here")
    if standing.paid and not bought:
        return _one(purchase, "status", f"paid there, {purchase.state} here")
    if bought and not standing.paid:
        word = "not known to be paid" if standing.paid is None else "not paid"
        excused = not late and purchase.state != PurchaseState.STORED
        return _one(purchase, "unpaid_there", f"{purchase.state} here, {word} there", harmless=excused)
    if standing.keys_ready > purchase.quantity:
        return _one(
            purchase, "quantity", f"{standing.keys_ready} keys there, {purchase.quantity} bought here"
        )
    if standing.keys_ready >= purchase.quantity and purchase.state != PurchaseState.STORED and bought:
        return _one(purchase, "keys_missing", "delivered there, keys not stored here", harmless=not late)
    return None


def _ask(supplier: Supplier, purchase: OurPurchase) -> Standing | Found:
    """Where the purchase stands, or why that is not to be known."""
    if purchase.supplier_ref is None:
        return _one(purchase, "no_reference", "bought here, without an id of the supplier")
    try:
        return supplier.status(purchase.supplier_ref)
    except Ambiguous as error:
        return _one(purchase, "unknown_status", f"its state there is not to be understood ({error.code})")
    except Permanent:  # a reservation that nobody paid for may be forgotten there
        harmless = purchase.state not in BOUGHT
        return _one(purchase, "unknown_there", f"{purchase.state} here, unknown there", harmless=harmless)
    except BitLootError as error:
        return _one(purchase, "not_asked", f"could not be asked for ({error.code})")


def _one(purchase: OurPurchase, kind: str, what: str, *, harmless: bool = False) -> Found:
    known = (purchase.supplier_ref or "", purchase.purchase_ref, purchase.order_id)
    return Difference(kind, *known, what, harmless), 1
