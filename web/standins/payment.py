"""One payment at the NOWPayments stand-in, and what is left of it after fees (PROVIDERS.md §3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_UP, Decimal

from web.standins.rates import COINS

__all__ = ["Payment"]


@dataclass(frozen=True)
class Payment:
    """One payment as the gateway sees it; each change replaces the whole."""

    id: int
    purchase_id: int
    order_id: str | None
    order_description: str | None
    price_amount: Decimal
    price_currency: str
    pay_amount: Decimal
    pay_currency: str
    pay_address: str
    payin_extra_id: str | None
    ipn_url: str | None
    fixed_rate: bool
    fee_paid_by_user: bool
    created: datetime
    updated: datetime
    status: str = "waiting"
    actually_paid: Decimal = Decimal(0)
    parent: int | None = None
    children: tuple[int, ...] = ()

    @property
    def outcome(self) -> Decimal:
        """What reaches the merchant, in the same coin."""
        return max(Decimal(0), self.actually_paid - sum(self.fees, Decimal(0)))

    @property
    def fees(self) -> tuple[Decimal, Decimal]:
        """Deposit and service fee (half a percent), in the paid coin."""
        coin = COINS[self.pay_currency]
        service = (self.actually_paid * Decimal("0.005")).quantize(Decimal(1).scaleb(-coin.places), ROUND_UP)
        return (coin.deposit_fee if self.actually_paid else Decimal(0), service)

    @property
    def valid_until(self) -> datetime:
        return self.created + (timedelta(minutes=20) if self.fixed_rate else timedelta(days=7))
