"""What stands before the keys: the order, its purchases, what webhooks said of them and what was asked for, at once."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from db.base import rows
from db.fields import as_uuid
from db.orders import Order
from db.purchases import Purchase

__all__ = ["Fulfilling", "find_fulfilling"]

#: A webhook that came before we knew the supplier's order was matched with nothing, and is found by that order's id.
SAID = (
    "ARRAY(SELECT DISTINCT coalesce(n.says, '') FROM notices n"
    " WHERE n.external_id = p.supplier_ref AND n.source = p.supplier)"
)


@dataclass(frozen=True)
class Fulfilling:
    """`purchases`: the newest of each line, in the order of the lines. `items`: (name, quantity) of each line. `said`:
    by purchase what webhooks about it said, if any came; "" of one that named no status."""

    order: Order
    purchases: list[Purchase]
    items: list[tuple[str, int]]
    said: dict[uuid.UUID, frozenset[str]]


def find_fulfilling(order_id: str | uuid.UUID) -> Fulfilling | None:
    """None if there is no such order."""
    found = rows(
        f"SELECT l.position, l.name, l.quantity, {SAID}, {Order.columns('o')}, {Purchase.columns('p')}"  # noqa: S608
        " FROM orders o JOIN lines l ON l.order_id = o.id LEFT JOIN purchases p ON p.line_id = l.id"
        " WHERE o.id = %s ORDER BY l.position, p.generation",
        as_uuid(order_id),
    )
    if not found:
        return None
    items: dict[int, tuple[str, int]] = {}
    newest: dict[uuid.UUID, tuple[Purchase, frozenset[str]]] = {}
    width = 4 + len(Order._meta.sorted_fields)
    for position, name, quantity, said, *row in found:
        items[position] = str(name), int(quantity)
        bought = tuple(row[width - 4 :])
        if bought[0] is not None:
            purchase = Purchase.from_row(bought)
            newest[purchase.line_id] = purchase, frozenset(said)
    return Fulfilling(
        Order.from_row(found[0][4:width]),
        [purchase for purchase, _ in newest.values()],
        list(items.values()),
        {purchase.id: said for purchase, said in newest.values()},
    )
