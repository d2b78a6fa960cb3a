"""The money gate: what a payment's news means for its order (PROVIDERS.md §3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from enum import StrEnum

from bitloot.amounts import is_amount, plain
from bitloot.gateways.base import PaymentNews
from bitloot.states import PaymentState

__all__ = ["CASES", "Expected", "Verdict", "VerdictKind", "judge"]


class VerdictKind(StrEnum):
    """What the news says about the order. Only `paid` may lead to a purchase."""

    OPEN = "open"  # nothing is decided yet
    PAID = "paid"  # everything fits; `overpaid_by` in the figures if more came
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

#: Precision enough that no difference of two readable amounts is ever rounded.
_EXACT = Context(prec=200)

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
    if news.parent_payment_id and news.state in _MONEY_CAME:
        return Verdict(VerdictKind.REPEATED_DEPOSIT, _figures(expected, news, parent=news.parent_payment_id))
    if news.order_id is not None and news.order_id != expected.order_id:
        return Verdict(
            VerdictKind.FOREIGN_ORDER, {"expected_order": expected.order_id, "order": news.order_id}
        )
    if news.state not in _MONEY_CAME:
        return Verdict(_WITHOUT_MONEY[news.state])
    return _judge_money(expected, news, tolerance)


def _judge_money(expected: Expected, news: PaymentNews, tolerance: Decimal) -> Verdict:
    if missing := _missing(news):
        kind = VerdictKind.INCOMPLETE if news.state is PaymentState.FINISHED else VerdictKind.UNDERPAID
        return Verdict(kind, _figures(expected, news, missing=",".join(missing)))
    if mismatch := _mismatch(expected, news):
        return Verdict(mismatch, _figures(expected, news))
    paid, owed = news.actually_paid or Decimal(0), _owed(expected, news)
    enough = paid > 0 and paid >= _EXACT.subtract(owed, tolerance)
    if news.state is not PaymentState.FINISHED or not enough:
        short = {"missing_amount": plain(_EXACT.subtract(owed, paid))} if paid < owed else {}
        return Verdict(VerdictKind.UNDERPAID, _figures(expected, news, **short))
    over = {"overpaid_by": plain(_EXACT.subtract(paid, owed))} if paid > owed else {}
    return Verdict(VerdictKind.PAID, _figures(expected, news, **over))


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
    quoted = news.pay_amount or Decimal(0)
    return max(quoted, expected.pay_amount) if news.payment_id == expected.payment_id else quoted


def _figures(expected: Expected, news: PaymentNews, **more: str) -> dict[str, str]:
    ours = {
        "expected_price": f"{plain(expected.price)} {expected.currency.lower()}",
        "expected_pay": f"{plain(expected.pay_amount)} {expected.pay_currency.lower()}",
    }
    theirs = {
        "payment_id": news.payment_id,
        "price": _with_code(news.price, news.currency),
        "pay": _with_code(news.pay_amount, news.pay_currency),
        "actually_paid": _with_code(news.actually_paid, news.pay_currency),
    }
    return ours | {name: value for name, value in theirs.items() if value} | more


def _with_code(amount: Decimal | None, code: str | None) -> str:
    return (
        f"{plain(amount)} {(code or '').lower()}".strip() if amount is not None and is_amount(amount) else ""
    )


def _same_code(one: str | None, other: str) -> bool:
    return one is not None and one.lower() == other.lower()
