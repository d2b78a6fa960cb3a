"""Where keys come from: the protocol that each supplier fulfils (PROVIDERS.md §7.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from bitloot.states import SupplierStatus

__all__ = [
    "Capabilities",
    "Hint",
    "Keys",
    "Listed",
    "Placed",
    "Quote",
    "Standing",
    "Supplier",
    "SupplierKey",
    "Wanted",
]


@dataclass(frozen=True)
class Capabilities:
    """What this supplier's API can do; the purchase ledger chooses its way by these."""

    two_phase: bool  # `begin` is free and `commit` spends; otherwise `begin` spends
    lookup: bool  # `find` by our purchase reference works
    duplicate_guard: bool  # the supplier refuses a second order with the same reference
    inline_keys: bool  # webhooks may carry the key itself
    images: bool  # keys may be pictures
    listing: bool  # `orders_between` works: the supplier's own list of what we bought there
    keys_tell: bool = (
        False  # to fetch the keys is to ask where it stands: of delivered ones `status` says no more
    )


@dataclass(frozen=True)
class Wanted:
    """One line to buy."""

    product_ref: str  # the supplier's id of the product
    quantity: int
    max_price: Decimal  # per unit, in `currency`; never pay more
    currency: str
    text_only: bool = True


@dataclass(frozen=True)
class Quote:
    unit_price: Decimal
    currency: str
    available: int
    preorder: bool = False


@dataclass(frozen=True)
class Placed:
    """The supplier knows the order."""

    supplier_ref: str
    status: SupplierStatus
    keys_expected: int | None = None
    created_at: datetime | None = None


@dataclass(frozen=True)
class Listed:
    """One order as it stands in the supplier's own list."""

    supplier_ref: str
    purchase_ref: str | None  # ours, as the supplier has it; None: ordered without one
    status: SupplierStatus | None  # None: a word that we do not know
    created_at: datetime
    total: Decimal | None  # what it cost us, in `currency`; None where the supplier does not tell
    currency: str | None
    quantity: int | None  # keys
    product_refs: Sequence[str] = ()


@dataclass(frozen=True)
class Standing:
    """Where an order stands at the supplier."""

    supplier_ref: str
    status: SupplierStatus
    keys_ready: int
    keys_expected: int | None
    updated_at: datetime | None = None
    paid: bool | None = (
        None  # two-phase: whether `commit` took effect, by the supplier's word; None: it says nothing
    )
    purchase_ref: str | None = None  # ours, where the supplier tells it


@dataclass(frozen=True)
class SupplierKey:
    """One key in plaintext. It lives only between the supplier and the seal, and never shows in a repr."""

    key_id: str  # stable at this supplier: the same key read twice has the same id
    media_type: str  # text/plain, image/png, image/jpeg, image/gif
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Keys:
    keys: Sequence[SupplierKey]
    complete: bool  # all that were expected are here


@dataclass(frozen=True)
class Hint:
    """A verified webhook. It moves nothing by itself: it wakes the worker, which asks."""

    event: str
    supplier_ref: str | None
    purchase_ref: str | None
    status: SupplierStatus | None
    updated_at: datetime | None
    digest: str  # equal for repeats of one event
    relevant: bool = True  # False: log and answer politely (test call, product.update)
    proof: str = "secret"  # how the sender proved itself; `secret-previous` while a secret is being changed


class Supplier(Protocol):
    """One place where keys are bought. No method retries a POST by itself."""

    name: str
    capabilities: Capabilities

    def quote(self, product_ref: str, quantity: int) -> Quote | None:
        """Price and stock now; None where the supplier has no such call."""

    def begin(self, purchase_ref: str, wanted: Wanted) -> Placed:
        """Places the order. Spends money unless two_phase.

        Raises Retryable, Permanent, Blocked, Ambiguous or Duplicate.
        """

    def commit(self, supplier_ref: str) -> Standing:
        """Two-phase only: pays for what `begin` reserved. Raises as `begin`."""

    def find(self, purchase_ref: str) -> Sequence[Placed]:
        """Orders whose reference equals ours, oldest first; empty if none. Raises Retryable or Blocked."""

    def orders_between(
        self, since: datetime, until: datetime, product_ref: str | None = None
    ) -> Sequence[Listed]:
        """All orders of our account that were made in [since, until) (aware times), oldest first, each once.

        With `product_ref` those that hold this product. Paged, and bounded: Permanent(code="too_many_orders") for
        more than can be read, Permanent(code="unsupported") without `listing`. Raises Retryable or Blocked.
        """

    def status(self, supplier_ref: str, expected: int | None = None) -> Standing:
        """Where the order stands. `expected`: the keys that were bought by it, where known; it may save a call.

        Raises Retryable, Permanent (unknown there) or Blocked; Ambiguous on words that nobody knows.
        """

    def fetch_keys(self, supplier_ref: str, expected: int) -> Keys:
        """The keys that are there; repeatable. Raises Retryable, Permanent or Blocked."""

    def balance(self) -> tuple[Decimal, str] | None:
        """Money left there and its currency; None where the supplier has no such call."""

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Verifies and reads a webhook; header names are lower-case. Raises BadSignature or Malformed."""

    def reread_webhook(self, headers: Mapping[str, str], body: bytes, proof: str) -> Hint:
        """Reads a webhook again whose sender proved itself when it came, by `proof`. Raises Malformed."""

    def claims(self, headers: Mapping[str, str]) -> bool:
        """Whether a webhook with these headers looks like this supplier's dialect."""
