"""The money gate: what a payment's news means for its order (PROVIDERS.md §3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from bitloot.amounts import EXACT, is_amount, short
from bitloot.gateways.base import PaymentNews
from bitloot.states import PaymentState

__all__ = ["CASES", "Expected", "Verdict", "VerdictKind", "judge"]


class VerdictKind(StrEnum):
    """What the news says about the order. Only `paid` may lead to a purchase."""

    OPEN = "open"  # nothing is decided yet
    PAID = "paid"  # everything fits; `surplus` if more came
    UNDERPAID = "underpaid"
    WRONG_ASSET = "wrong_asset"  # another coin than the buyer chose
    PRICE_MISMATCH = "price_mismatch"
    CURRENCY_MISMATCH = "currency_mismatch"
    REPEATED_DEPOSIT = "repeated_deposit"  # more money to an address already used: a child payment
    INCOMPLETE = "incomplete"  # finished, but a figure that the gate needs is missing or no amount
    FOREIGN_ORDER = "foreign_order"  # names an order that is not this one
    FAILED = "failed"
    EXPIRED = "expired"
    REFUNDED = "refunded"


#: Money came that does not fit: a person must look.
CASES = frozenset(
    {
        VerdictKind.UNDERPAID,
        VerdictKind.WRONG_ASSET,
        VerdictKind.PRICE_MISMATCH,
        VerdictKind.CURRENCY_MISMATCH,
        VerdictKind.REPEATED_DEPOSIT,
        VerdictKind.INCOMPLETE,
    }
)

#: Money has come to rest at the gateway in these; in all others the state alone decides.
_MONEY_CAME = frozenset({PaymentState.FINISHED, PaymentState.PARTIALLY_PAID})

_WITHOUT_MONEY: Mapping[PaymentState, VerdictKind] = {
    PaymentState.WAITING: VerdictKind.OPEN,
    PaymentState.CONFIRMING: VerdictKind.OPEN,
    PaymentState.CONFIRMED: VerdictKind.OPEN,
    PaymentState.SENDING: VerdictKind.OPEN,
    PaymentState.EXPIRED: VerdictKind.EXPIRED,
    PaymentState.FAILED: VerdictKind.FAILED,
    PaymentState.REFUNDED: VerdictKind.REFUNDED,
}


@dataclass(frozen=True)
class Expected:
    """What our own rows say should come: `price` in `currency`, `pay_amount` in coins of `pay_currency`.

    Raises ValueError for an amount that is no positive Decimal: such a row must never judge anything.
    """

    order_id: str
    price: Decimal
    currency: str
    pay_currency: str
    pay_amount: Decimal
    payment_id: str

    def __post_init__(self) -> None:
        for name in ("price", "pay_amount"):
            if not is_amount(getattr(self, name)) or getattr(self, name) == 0:
                raise ValueError(f"expected {name} must be a positive Decimal")


@dataclass(frozen=True)
class Verdict:
    kind: VerdictKind
    figures: Mapping[str, str] = field(default_factory=dict)  # what was compared, in plain digits
    surplus: bool = False  # paid, and by more than the tolerance too much

    @property
    def paid(self) -> bool:
        return self.kind is VerdictKind.PAID

    @property
    def case(self) -> bool:
        """Whether a person must look."""
        return self.kind in CASES


def judge(expected: Expected, news: PaymentNews, tolerance: Decimal = Decimal(0)) -> Verdict:
    """The money gate. Pure. `tolerance` is in coins of the pay currency.

    `paid` only if the payment is finished, has no parent, names our order, price, currency and coin, and at
    least `pay_amount - tolerance` was really paid. Raises ValueError for a tolerance that is no amount.
    """
    if not is_amount(tolerance):
        raise ValueError("tolerance must be a Decimal of at least 0")
    figures = _figures(expected, news)
    if news.parent_payment_id and news.state in _MONEY_CAME:
        return Verdict(VerdictKind.REPEATED_DEPOSIT, figures)
    if news.order_id is not None and news.order_id != expected.order_id:
        named = {"expected_order": expected.order_id, "order": news.order_id}
        return Verdict(VerdictKind.FOREIGN_ORDER, figures | named)
    if news.state not in _MONEY_CAME:
        return Verdict(_WITHOUT_MONEY[news.state], figures)
    return _judge_money(expected, news, tolerance, figures)


def _judge_money(
    expected: Expected, news: PaymentNews, tolerance: Decimal, figures: dict[str, str]
) -> Verdict:
    if missing := _missing(news):
        kind = VerdictKind.INCOMPLETE if news.state is PaymentState.FINISHED else VerdictKind.UNDERPAID
        return Verdict(kind, figures | {"missing": ",".join(missing)})
    if mismatch := _mismatch(expected, news):
        return Verdict(mismatch, figures)
    paid, owed = news.actually_paid or Decimal(0), _owed(expected, news)
    enough = paid > 0 and paid >= EXACT.subtract(owed, tolerance)
    if news.state is not PaymentState.FINISHED or not enough:
        return Verdict(VerdictKind.UNDERPAID, figures)
    return Verdict(VerdictKind.PAID, figures, surplus=EXACT.subtract(paid, owed) > tolerance)


def _missing(news: PaymentNews) -> list[str]:
    """What the gate needs and the news does not say as an amount or a name."""
    amounts = [
        name for name in ("price", "pay_amount", "actually_paid") if not is_amount(getattr(news, name))
    ]
    return amounts + [name for name in ("order_id", "currency", "pay_currency") if not getattr(news, name)]


def _mismatch(expected: Expected, news: PaymentNews) -> VerdictKind | None:
    if not _same_code(news.currency, expected.currency):
        return VerdictKind.CURRENCY_MISMATCH
    if news.price != expected.price:
        return VerdictKind.PRICE_MISMATCH
    if not _same_code(news.pay_currency, expected.pay_currency):
        return VerdictKind.WRONG_ASSET
    return None


def _owed(expected: Expected, news: PaymentNews) -> Decimal:
    """For the payment we opened, the larger of our figure and the gateway's: a figure that shrank on the way
    goes to a person. Another payment of the same order (PROVIDERS.md §3.2) has a quote of its own only."""
    quoted = news.pay_amount if is_amount(news.pay_amount) and news.pay_amount else Decimal(0)
    return max(quoted, expected.pay_amount) if news.payment_id == expected.payment_id else quoted


def _figures(expected: Expected, news: PaymentNews) -> dict[str, str]:
    """All that a person needs to decide, each figure by itself; what the news does not say is left out."""
    told = {
        "payment_id": news.payment_id,
        "parent_payment_id": news.parent_payment_id,
        "gateway_state": str(news.state),
        "expected_price": _digits(expected.price),
        "expected_currency": expected.currency.lower(),
        "price": _digits(news.price),
        "currency": news.currency,
        "expected_amount": _digits(_due(expected, news)),
        "expected_coin": expected.pay_currency.lower(),
        "received_amount": _digits(news.actually_paid),
        "received_coin": news.pay_currency,
        "difference": _difference(expected, news),
        "received_at": news.pay_address,
        "transaction": news.payin_hash,
    }
    return {name: value for name, value in told.items() if value}


def _due(expected: Expected, news: PaymentNews) -> Decimal:
    """What the expected coin should have brought: nothing more to an address that was paid already."""
    if news.parent_payment_id:
        return Decimal(0)
    same_coin = _same_code(news.pay_currency, expected.pay_currency)
    return _owed(expected, news) if same_coin else expected.pay_amount


def _difference(expected: Expected, news: PaymentNews) -> str | None:
    """Received less expected, in the expected coin; None where the two cannot be compared."""
    paid = news.actually_paid
    if paid is None or not is_amount(paid) or not _same_code(news.pay_currency, expected.pay_currency):
        return None
    return short(EXACT.subtract(paid, _due(expected, news)))


def _digits(amount: Decimal | None) -> str | None:
    """One spelling of each amount, so that equal figures are equal texts."""
    return short(amount) if amount is not None and is_amount(amount) else None


def _same_code(one: str | None, other: str) -> bool:
    return one is not None and one.lower() == other.lower()
