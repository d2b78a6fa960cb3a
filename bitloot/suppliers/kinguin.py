"""Kinguin's eCommerce API: one call buys, and the order can be found by our own reference (PROVIDERS.md §1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from bitloot.errors import Permanent
from bitloot.fetch import Fetch, Gate, path_part
from bitloot.suppliers import kinguin_search
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
from bitloot.suppliers.kinguin_errors import classify
from bitloot.suppliers.kinguin_fields import (
    CURRENCY,
    balance_of,
    keys_on_page,
    placed,
    quoted,
    standing,
    understood,
)
from bitloot.suppliers.kinguin_search import MOST_PAGES, PAGE
from bitloot.suppliers.kinguin_webhook import read_hint, read_webhook

__all__ = ["Kinguin"]

#: Seconds for a call that only reads.
READ_SECONDS = 15.0


class Kinguin:
    """`base_url` ends in /esa/api. `timeout` is seconds for the call that buys; reads get READ_SECONDS at most."""

    name = "kinguin"
    capabilities = Capabilities(
        two_phase=False, lookup=True, duplicate_guard=True, inline_keys=False, images=True, listing=True
    )

    def __init__(
        self,
        base_url: str,
        api_key: SecretStr,
        webhook_secret: SecretStr,
        previous_secret: SecretStr | None = None,
        *,
        timeout: float = 45,
        gate: Gate | None = None,
    ) -> None:
        headers = {"X-Api-Key": api_key}
        reading = min(timeout, READ_SECONDS)
        self._reads = Fetch(
            base_url,
            name=self.name,
            headers=headers,
            read_timeout=reading,
            deadline=reading,
            max_bytes=16 * 1024 * 1024,  # a page of picture keys
            classify=classify,
            gate=gate,
        )
        self._buys = Fetch(
            base_url,
            name=self.name,
            headers=headers,
            read_timeout=timeout,
            deadline=timeout,
            classify=classify,
            gate=gate,
        )
        self._webhook_secret = webhook_secret
        self._previous_secret = previous_secret or SecretStr("")

    def quote(self, product_ref: str, quantity: int) -> Quote | None:
        """The cheapest offer's price and the stock of text keys. Permanent(product_unavailable) when out of stock."""
        try:
            answer = self._reads.get(f"/v2/products/{path_part(product_ref)}")
        except Permanent as error:
            if error.code != "not_found":
                raise
        else:
            return understood(answer, quoted)
        raise Permanent("kinguin: the product is not to be had now", code="product_unavailable")

    def begin(self, purchase_ref: str, wanted: Wanted) -> Placed:
        """Spends money, at most `wanted.max_price` for each key."""
        if wanted.currency.lower() != CURRENCY:
            raise Permanent("kinguin: sells in EUR only", code="currency")
        line: dict[str, Any] = {
            "productId": wanted.product_ref,
            "qty": wanted.quantity,
            "price": wanted.max_price,
        }
        if wanted.text_only:
            line["keyType"] = "text"
        answer = self._buys.post("/v2/order", json={"products": [line], "orderExternalId": purchase_ref})
        return understood(answer, lambda content: placed(content, purchase_ref))

    def commit(self, supplier_ref: str) -> Standing:
        """Nothing to pay here any more: `begin` did."""
        return self.status(supplier_ref)

    def find(self, purchase_ref: str) -> Sequence[Placed]:
        return kinguin_search.find(self._reads, purchase_ref)

    def orders_between(
        self, since: datetime, until: datetime, product_ref: str | None = None
    ) -> Sequence[Listed]:
        return kinguin_search.orders_between(self._reads, since, until, product_ref)

    def status(self, supplier_ref: str, expected: int | None = None) -> Standing:
        return understood(self._reads.get(f"/v1/order/{path_part(supplier_ref)}"), standing)

    def fetch_keys(self, supplier_ref: str, expected: int) -> Keys:
        """All keys that may be read now, also while the order is still being processed (§1.5)."""
        keys: dict[str, SupplierKey] = {}
        for page in range(1, expected // PAGE + MOST_PAGES + 1):
            on_page = self._keys_on_page(supplier_ref, page)
            keys |= {key.key_id: key for key in on_page}
            if len(on_page) < PAGE:
                break
        return Keys(tuple(keys.values()), complete=len(keys) >= expected)

    def balance(self) -> tuple[Decimal, str] | None:
        answer = self._reads.get("/v1/balance")
        return understood(answer, balance_of), CURRENCY

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Hint:
        secret, previous = self._webhook_secret.get_secret_value(), self._previous_secret.get_secret_value()
        return read_webhook(headers, body, secret, previous)

    def reread_webhook(self, headers: Mapping[str, str], body: bytes, proof: str) -> Hint:
        return read_hint(headers, body, proof)

    def claims(self, headers: Mapping[str, str]) -> bool:
        return "x-event-secret" in headers or "x-event-name" in headers

    def _keys_on_page(self, supplier_ref: str, page: int) -> Sequence[SupplierKey]:
        params = {"page": str(page), "limit": str(PAGE)}
        try:
            answer = self._reads.get(f"/v2/order/{path_part(supplier_ref)}/keys", params)
        except Permanent as error:
            if error.code != "not_found":  # which says nothing of the order: no keys yet (§7.6, question 4)
                raise
            return ()
        return understood(answer, keys_on_page)
