"""Kinguin's order search: by our own reference, and by the time of the order (PROVIDERS.md §1.4, §7.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from bitloot.errors import Blocked, Permanent, Retryable
from bitloot.fetch import Fetch
from bitloot.suppliers.base import Listed, Placed
from bitloot.suppliers.kinguin_fields import listed, placed, results, understood

__all__ = ["MOST_LISTED_PAGES", "MOST_PAGES", "PAGE", "find", "orders_between"]

Found = TypeVar("Found", Placed, Listed)

#: The largest page there is (PROVIDERS.md §1.4), and how many of them a search and a list read at most.
PAGE, MOST_PAGES, MOST_LISTED_PAGES = 100, 5, 100

#: How coarsely Kinguin may compare times; what comes too many is left out here.
MARGIN = timedelta(seconds=1)


def find(reads: Fetch, purchase_ref: str) -> Sequence[Placed]:
    """Orders with our reference, oldest first. Compares it itself: an ignored filter would give us others' (§7.2)."""

    def ours(order: Mapping[str, Any]) -> Placed | None:
        return placed(order, purchase_ref) if order.get("orderExternalId") == purchase_ref else None

    try:
        found, whole = _collect(reads, {"orderExternalId": purchase_ref}, ours, MOST_PAGES)
    except Permanent as error:
        code = error.code
    else:
        return _oldest_first(found, whole=whole)
    # A search that is not there, or refuses our words, says nothing about the order, which must not fail by it.
    raise Blocked(f"kinguin: the search refuses to answer ({code})", code="search_refused")


def _oldest_first(found: list[Placed], *, whole: bool) -> Sequence[Placed]:
    if not whole and not found:
        raise Retryable("kinguin: the search gave more than can be read", code="search_too_long")
    return sorted(found, key=lambda order: order.created_at or datetime.max.replace(tzinfo=UTC))


def orders_between(
    reads: Fetch, since: datetime, until: datetime, product_ref: str | None = None
) -> Sequence[Listed]:
    """All orders that the account made in [since, until), oldest first; those with one product if so wanted.

    Raises Permanent(code="too_many_orders") if MOST_LISTED_PAGES pages do not hold them.
    """

    def wanted(order: Mapping[str, Any]) -> Listed | None:
        told = listed(order)
        fits = since <= told.created_at < until and (product_ref is None or product_ref in told.product_refs)
        return told if fits else None

    asked = {"createdAtFrom": _stamp(since - MARGIN), "createdAtTo": _stamp(until + MARGIN)}
    asked |= {} if product_ref is None else {"productId": product_ref}
    found, whole = _collect(reads, asked, wanted, MOST_LISTED_PAGES)
    if not whole:
        raise Permanent(
            "kinguin: more orders than can be listed; ask for a shorter time", code="too_many_orders"
        )
    return sorted(found, key=lambda told: (told.created_at, told.supplier_ref))


def _collect(
    reads: Fetch,
    asked: Mapping[str, str],
    read: Callable[[Mapping[str, Any]], Found | None],
    most: int,
) -> tuple[list[Found], bool]:
    """What `read` takes of `most` pages, each order once, and whether that was the end of them.

    One order may stand on two pages: a newer one that is made meanwhile pushes it on.
    """
    found: dict[str, Found] = {}
    for page in range(1, most + 1):
        answer = reads.get("/v1/order", {**asked, "page": str(page), "limit": str(PAGE)})
        orders = understood(answer, lambda content: [read(order) for order in results(content)])
        found |= {order.supplier_ref: order for order in orders if order is not None}
        if len(orders) < PAGE:
            return list(found.values()), True
    return list(found.values()), False


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
