"""One supplier beside its stand-in, and what its tests do with the two."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import requests

from bitloot.suppliers.base import Keys, Supplier, Wanted
from tests.bitloot.rude_server import RudeServer
from tests.waiting import until
from web.standins import RunningStandins
from web.standins.ledger import charges

__all__ = ["Bench", "headers_and_body"]


@dataclass(frozen=True)
class Bench:
    """One supplier, set up beside its stand-in."""

    supplier: Supplier
    hasty: Supplier  # the same, but it waits for half a second only
    stranger: Supplier  # the same with credentials that the stand-in does not know
    nowhere: Supplier  # the same with an address where nobody listens
    standins: RunningStandins
    wanted: Wanted
    sold_out: str  # a product that exists and cannot be had now
    money_point: str  # the stand-in's name of the call that spends
    status_point: str  # … of the first call that `status` makes
    keys_point: str  # … of the call that `fetch_keys` makes
    receiver: Callable[[], AbstractContextManager[RudeServer]]  # an endpoint that takes its webhooks

    def begin(self, **change: Any) -> tuple[str, str]:
        """Our fresh reference and the supplier's."""
        ref = f"BL-{secrets.token_hex(8)}"
        return ref, self.supplier.begin(ref, replace(self.wanted, **change)).supplier_ref

    def buy(self, **change: Any) -> tuple[str, str]:
        ref, supplier_ref = self.begin(**change)
        if self.supplier.capabilities.two_phase:
            self.supplier.commit(supplier_ref)
        return ref, supplier_ref

    def bought_keys(self, quantity: int) -> tuple[str, Keys]:
        """The supplier's reference and all keys of a fresh order."""
        _, supplier_ref = self.buy(quantity=quantity)
        until(lambda: self.supplier.fetch_keys(supplier_ref, quantity).complete, what="delivery")
        return supplier_ref, self.supplier.fetch_keys(supplier_ref, quantity)

    def spend(self, by: Supplier | None = None) -> tuple[str, Callable[[], object]]:
        """Our reference, and the one call that spends money, ready to be made; `by` another than the usual one."""
        spender = by or self.supplier
        if self.supplier.capabilities.two_phase:
            ref, supplier_ref = self.begin()
            return ref, lambda: spender.commit(supplier_ref)
        ref = f"BL-{secrets.token_hex(8)}"
        return ref, lambda: spender.begin(ref, self.wanted)

    def charged(self, ref: str) -> int:
        return charges(self.standins.shop.config.ledger_dir)[ref]

    def fault(self, point: str, kind: str, **more: Any) -> None:
        rule = {"point": point, "kind": kind, **more}
        assert requests.post(f"{self.standins.control_url}/faults", json=rule, timeout=10).ok

    def bitten(self) -> int:
        """How often the faults of this test bit."""
        return sum(rule["bitten"] for rule in self.standins.shop.faults.rows())


def headers_and_body(request: bytes) -> tuple[dict[str, str], bytes]:
    """A received request as the edge hands it on: header names in lower case."""
    head, _, body = request.partition(b"\r\n\r\n")
    lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return {name.decode("latin-1").lower(): value.strip().decode("latin-1") for name, _, value in lines}, body
