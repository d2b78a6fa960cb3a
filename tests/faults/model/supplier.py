"""A supplier of the model, in either dialect, with its own book of what it sold and how often it charged."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from bitloot.errors import Duplicate, Malformed, Permanent
from bitloot.states import SupplierStatus
from bitloot.suppliers.base import (
    Capabilities,
    Hint,
    Keys,
    Listed,
    Placed,
    Quote,
    Standing,
    SupplierKey,
    Wanted,
)
from tests.faults.model.doubles import Stranger

__all__ = ["Sale", "ScriptedSupplier"]


@dataclass
class Sale:
    """One order or reservation as the supplier has it."""

    purchase_ref: str
    supplier_ref: str
    quantity: int
    shown_at: float  # when `find` begins to show it
    status: SupplierStatus = SupplierStatus.PENDING
    charges: int = 0
    returned: bool = False  # canceled or refunded over there: the money is ours again
    ready: int = 0
    keys: list[SupplierKey] = field(default_factory=list)

    @property
    def owed(self) -> int:
        """How often we have paid for it and not got the money back."""
        return 0 if self.returned else self.charges


class ScriptedSupplier(Stranger):
    """One supplier, in either dialect. It never refuses a second order with a known reference by itself."""

    def __init__(
        self,
        name: str,
        capabilities: Capabilities,
        *,
        clock: Callable[[], float],
        watch: Callable[[str], None],
        charged: Callable[[Sale], None],
    ) -> None:
        super().__init__(clock, watch)
        self.name = name
        self.capabilities = capabilities
        self.sales: list[Sale] = []
        self.lag = 0.0  # seconds until the search shows a sale
        self._charged = charged

    def forget(self) -> None:
        """A new story."""
        self.sales.clear()
        self.moods.clear()
        self.lag = 0.0

    def quote(self, product_ref: str, quantity: int) -> Quote | None:
        return None

    def begin(self, purchase_ref: str, wanted: Wanted) -> Placed:
        mood = self.arrive(self.name, "begin")
        if mood == "duplicate" and any(sale.purchase_ref == purchase_ref for sale in self.sales):
            raise Duplicate(f"{self.name}: knows this order")
        number = secrets.token_hex(6)
        keys = [
            SupplierKey(f"K-{number}-{index}", "text/plain", f"BLKEY-{secrets.token_hex(16)}".encode())
            for index in range(wanted.quantity)
        ]
        sale = Sale(purchase_ref, f"S-{number}", wanted.quantity, self.clock() + self.lag, keys=keys)
        self.sales.append(sale)
        if not self.capabilities.two_phase:
            self._charge(sale)
        self.leave(self.name, "begin", mood)
        return _placed(sale)

    def commit(self, supplier_ref: str) -> Standing:
        mood = self.arrive(self.name, "commit")
        sale = self._sale(supplier_ref)
        self._charge(sale)
        self.leave(self.name, "commit", mood)
        return self._standing(sale)

    def find(self, purchase_ref: str) -> Sequence[Placed]:
        self.arrive(self.name, "find")
        shown = [s for s in self.sales if s.purchase_ref == purchase_ref and s.shown_at <= self.clock()]
        return [_placed(sale) for sale in shown]

    def orders_between(
        self, since: datetime, until: datetime, product_ref: str | None = None
    ) -> Sequence[Listed]:
        raise Permanent(f"{self.name}: lists nothing", code="unsupported")

    def status(self, supplier_ref: str, expected: int | None = None) -> Standing:
        self.arrive(self.name, "status")
        return self._standing(self._sale(supplier_ref))

    def fetch_keys(self, supplier_ref: str, expected: int) -> Keys:
        mood = self.arrive(self.name, "fetch_keys")
        sale = self._sale(supplier_ref)
        if mood == "broken_after":  # an error of another library may quote what it was reading
            raise ValueError(f"cannot read {sale.keys[0].content!r}")
        self.leave(self.name, "fetch_keys", mood)
        return Keys(sale.keys[: sale.ready], complete=sale.ready >= sale.quantity)

    def balance(self) -> tuple[Decimal, str] | None:
        return None

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """`supplier_ref purchase_ref event`, as the model sends it."""
        if headers.get("x-auth-token") != self.name:
            raise Malformed(f"{self.name}: not from here")
        return self.reread_webhook(headers, body, "secret")

    def reread_webhook(self, headers: Mapping[str, str], body: bytes, proof: str) -> Hint:
        supplier_ref, purchase_ref, event = body.decode().split()
        return Hint(event, supplier_ref, purchase_ref, None, None, digest=body.decode())

    def claims(self, headers: Mapping[str, str]) -> bool:
        return headers.get("x-auth-token") == self.name

    def deliver(self, sale: Sale, count: int) -> None:
        """`count` more keys are there."""
        if sale.charges and not sale.returned:
            sale.ready = min(sale.quantity, sale.ready + count)
            whole = sale.ready == sale.quantity
            sale.status = SupplierStatus.DELIVERED if whole else SupplierStatus.PARTLY_DELIVERED

    def end(self, sale: Sale, status: SupplierStatus) -> None:
        """The money goes back; what was delivered stays so."""
        if sale.status is not SupplierStatus.DELIVERED and not sale.ready:
            sale.status, sale.returned = status, True

    def _charge(self, sale: Sale) -> None:
        if not sale.returned:
            sale.charges += 1
            self._charged(sale)

    def _sale(self, supplier_ref: str) -> Sale:
        for sale in self.sales:
            if sale.supplier_ref == supplier_ref:
                return sale
        raise Permanent(f"{self.name}: unknown here", code="not_found")

    def _standing(self, sale: Sale) -> Standing:
        return Standing(
            sale.supplier_ref,
            sale.status,
            sale.ready,
            sale.quantity,
            paid=bool(sale.charges),
            purchase_ref=sale.purchase_ref,
        )


def _placed(sale: Sale) -> Placed:
    return Placed(sale.supplier_ref, sale.status, sale.quantity)
