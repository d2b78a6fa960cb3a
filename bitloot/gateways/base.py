"""Who tells us about money: the protocol that each gateway fulfils."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from bitloot.states import PaymentState

__all__ = ["Gateway", "OtherNews", "PaymentNews", "PaymentOpened", "PaymentRequest"]


@dataclass(frozen=True)
class PaymentRequest:
    """What we ask a gateway to collect."""

    order_id: str
    price: Decimal
    currency: str  # lower-case code, as the order has it
    pay_currency: str  # lower-case code of the coin that the buyer chose
    ipn_url: str
    description: str


@dataclass(frozen=True)
class PaymentOpened:
    """What the gateway opened for us; amounts are whole coins, not minor units."""

    payment_id: str
    pay_address: str
    payin_extra_id: str | None  # memo that some coins need beside the address
    pay_amount: Decimal
    pay_currency: str
    valid_until: datetime | None
    state: PaymentState


@dataclass(frozen=True)
class PaymentNews:
    """Where a payment stands, as an IPN or a read tells it. Everything but id and state may be missing."""

    payment_id: str
    state: PaymentState
    order_id: str | None = None
    parent_payment_id: str | None = None
    price: Decimal | None = None
    currency: str | None = None
    pay_amount: Decimal | None = None
    pay_currency: str | None = None
    actually_paid: Decimal | None = None
    updated_at: datetime | None = None
    pay_address: str | None = None  # where the money came in
    payin_hash: str | None = None  # the buyer's transaction: whoever refunds finds the sender there
    proof: str | None = None  # which form of the signature matched; None for a read


@dataclass(frozen=True)
class OtherNews:
    """A signed notice that is not about a payment of ours (payout, recurring): log it, answer politely."""

    kind: str
    external_id: str | None


class Gateway(Protocol):
    """One payment provider."""

    name: str

    def create_payment(self, request: PaymentRequest) -> PaymentOpened:
        """Opens a payment. Raises Retryable, Permanent, Blocked or Ambiguous (safe to open another)."""

    def read_payment(self, payment_id: str) -> PaymentNews:
        """Asks where a payment stands. Raises Retryable, Permanent or Blocked."""

    def parse_ipn(self, headers: Mapping[str, str], body: bytes) -> PaymentNews | OtherNews:
        """Verifies and reads a notice; header names are lower-case. Raises BadSignature or Malformed."""

    def reread_ipn(self, body: bytes, proof: str) -> PaymentNews | OtherNews:
        """Reads a notice again whose sender proved itself when it came, by `proof`. Raises Malformed."""

    def health(self) -> None:
        """Raises unless the gateway answers."""
