"""What the Kinguin stand-in has sold: orders, their keys, the prepaid balance (PROVIDERS.md §1)."""

from __future__ import annotations

import secrets
import string
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

from web.standins.answers import iso
from web.standins.catalog import Game
from web.standins.deliveries import Delivery, Lender
from web.standins.floor import Floor
from web.standins.jsontext import write_json
from web.standins.keys import SoldKey, make_key
from web.standins.webhooks import Notice

__all__ = ["Item", "KinguinOrder", "KinguinOrders", "RefusedOrder"]

_FIRST, _AGAIN, _KNOWN = (frozenset({kind}) for kind in ("notice_first", "sell_again", "known_already"))
_BROKE = frozenset({"no_balance"})
_POINT = "kinguin.place_order"


class RefusedOrder(Exception):
    """Nothing was sold; `kind` is Kinguin's word for why (PROVIDERS.md §1.8)."""

    def __init__(self, kind: str, detail: str, **more: Any) -> None:
        super().__init__(kind)
        self.kind, self.detail, self.more = kind, detail, more


@dataclass
class Item:
    """One product in an order; `asked` is the price that the shop named, EUR per unit."""

    game: Game
    quantity: int
    asked: Decimal
    key_type: str | None
    keys: list[SoldKey] = field(default_factory=list)


@dataclass
class KinguinOrder:
    """One order; `status` is processing, completed, canceled or refunded."""

    id: str
    number: int
    external_id: str | None
    items: Sequence[Item]
    total: Decimal
    created: datetime
    updated: datetime
    status: str = "processing"
    returned: bool = False
    delivering: bool = False

    @property
    def keys(self) -> list[tuple[Item, SoldKey]]:
        return [(item, key) for item in self.items for key in item.keys]


class KinguinOrders:
    """The supplier's own books."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.balance = floor.config.kinguin_balance
        self._lock = threading.Lock()
        self._numbers = count(70_000_000 + secrets.randbelow(9_000_000))
        self._orders: dict[str, KinguinOrder] = {}
        self._external: set[str] = set()
        self._lender = Lender(floor.faults, "kinguin.deliver")

    def place(self, items: Sequence[Item], external_id: str | None) -> KinguinOrder:
        """Takes the money and promises keys. Raises RefusedOrder: nothing has happened, unless the plan lies."""
        total = sum((item.game.cost * item.quantity for item in items), Decimal(0))
        with self._lock:
            self._check(items, external_id, total)
            self.balance -= total
            left = self.balance
            order = self._new(items, external_id, total)
            if external_id:
                self._external.add(external_id)
        self.floor.ledger.write(
            "kinguin",
            "order_charged",
            order_id=order.id,
            external_id=external_id,
            product_refs=[item.game.supplier_ref for item in items],
            quantity=sum(item.quantity for item in items),
            amount=total,
            currency="EUR",
            balance=left,
        )
        with self._lock:
            self._orders[order.id] = order
        if self.floor.faults.take(_POINT, _FIRST, external_id or ""):
            self.deliver(order)
        self.floor.later.call(self.floor.config.delivery_seconds, partial(self.deliver, order))
        if self.floor.faults.take(_POINT, _KNOWN, external_id or "", when=lambda rule: rule.after):
            raise known_already(external_id)
        return order

    def deliver(self, order: KinguinOrder) -> None:
        """Hands out the keys, completes the order, tells the shop; once, and not if it was ended otherwise."""
        with self._lock:
            if order.status != "processing" or order.delivering:
                return
            order.delivering = True
        text = " ".join((order.external_id or order.id, *(item.game.supplier_ref for item in order.items)))
        delivery = self._lender.plan(order.id, text, [key for _, key in order.keys])
        if delivery.instead:
            self.move(order, delivery.ends)
        else:
            self._hand_out(order, delivery)

    def _hand_out(self, order: KinguinOrder, delivery: Delivery, *, waited: bool = False) -> None:
        """One batch now, the rest when its time has come, the last word with the last."""
        (wait, keys), *rest = delivery.batches
        if wait and not waited:
            self.floor.later.call(wait, partial(self._hand_out, order, delivery, waited=True))
            return
        if order.status != "processing":
            return
        self.floor.ledger.keep_keys([key.serial for key in keys])
        self.floor.ledger.write(
            "kinguin",
            "keys_ready",
            order_id=order.id,
            external_id=order.external_id,
            fingerprints=[key.fingerprint for key in keys],
        )
        for key in keys:
            key.status = "DELIVERED"
        if rest:
            self._hand_out(order, replace(delivery, batches=rest))
            return
        self.move(order, "completed")
        if delivery.ends:
            self.move(order, delivery.ends)

    def move(self, order: KinguinOrder, status: str) -> None:
        """Changes the status and tells the shop; money comes back with canceled and refunded."""
        self.floor.ledger.write(
            "kinguin", "order_moved", order_id=order.id, external_id=order.external_id, status=status
        )
        with self._lock:
            if status in {"canceled", "refunded"} and order.status not in {"canceled", "refunded"}:
                self.balance += order.total
            order.status, order.updated = status, datetime.now(UTC)
        self.floor.courier.deliver(self.notice(order))

    def give_back(self, order: KinguinOrder) -> list[SoldKey]:
        """Returns keys, once per order (PROVIDERS.md §1.7). Raises RefusedOrder."""
        with self._lock:
            keys = [key for _, key in order.keys if key.status == "DELIVERED"]
            if order.returned or not keys:
                raise RefusedOrder("NoKeysToReturn", "there are no keys that can be returned")
            order.returned = True
            self.balance += order.total
        self.floor.ledger.write(
            "kinguin",
            "keys_returned",
            order_id=order.id,
            external_id=order.external_id,
            fingerprints=[key.fingerprint for key in keys],
        )
        for key in keys:
            key.status = "RETURNED"
        return keys

    def get(self, order_id: str) -> KinguinOrder | None:
        with self._lock:
            return self._orders.get(order_id)

    def newest_first(self) -> list[KinguinOrder]:
        with self._lock:
            return list(reversed(self._orders.values()))

    def forget(self) -> None:
        with self._lock:
            self._orders.clear()
            self._external.clear()
            self.balance = self.floor.config.kinguin_balance

    def notice(self, order: KinguinOrder, status: str | None = None, secret: str | None = None) -> Notice:
        """`order.status`; the content type is spelt as the documents spell it (PROVIDERS.md §1.6)."""
        body = {
            "orderId": order.id,
            "orderExternalId": order.external_id,
            "status": status or order.status,
            "updatedAt": iso(order.updated),
        }
        return Notice(
            standin="kinguin",
            kind="webhook",
            url=self.floor.address("/kinguin/webhooks"),
            body=write_json(body).encode(),
            headers={
                "Content-Type": "aplication/json",
                "X-Event-Name": "order.status",
                "X-Event-Secret": self.floor.config.kinguin_secret if secret is None else secret,
            },
            facts={"order_id": order.id, "external_id": order.external_id, "status": body["status"]},
        )

    def _check(self, items: Sequence[Item], external_id: str | None, total: Decimal) -> None:
        plan, text = self.floor.faults, external_id or ""
        guarded = self.floor.config.duplicate_guard
        if guarded and external_id in self._external and not plan.take(_POINT, _AGAIN, text):
            raise known_already(external_id)
        if plan.take(_POINT, _KNOWN, text, when=lambda rule: not rule.after):
            raise known_already(external_id)
        for item in items:
            too_dear = item.asked < item.game.cost
            if too_dear or item.quantity > item.game.stock or (item.game.picture and item.key_type == "text"):
                raise RefusedOrder("ProductUnavailable", "no offer matches the requested product")
        if total > self.balance or plan.take(_POINT, _BROKE, text):
            raise RefusedOrder("InsufficientBalance", "the balance is too low for this order")

    def _new(self, items: Sequence[Item], external_id: str | None, total: Decimal) -> KinguinOrder:
        canary, now = self.floor.config.canaries, datetime.now(UTC)
        for item in items:
            item.keys = [make_key(canary=canary, picture=item.game.picture) for _ in range(item.quantity)]
        letters = string.ascii_uppercase + string.digits
        order_id = "P" + "".join(secrets.choice(letters) for _ in range(10))
        return KinguinOrder(order_id, next(self._numbers), external_id, items, total, now, now)


def known_already(external_id: str | None) -> RefusedOrder:
    """As a third party has seen it (PROVIDERS.md §1.9)."""
    return RefusedOrder(
        "ConstraintViolation",
        "orderExternalId already used",
        propertyPath="orderExternalId",
        invalidValue=external_id,
    )
