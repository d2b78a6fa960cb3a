"""Amounts of money as Decimal: read strictly, written plainly."""

from __future__ import annotations

import re
from decimal import Context, Decimal

from bitloot.errors import Malformed

__all__ = ["EXACT", "is_amount", "plain", "read_amount", "short"]

#: Precision enough that no difference or remainder of two readable amounts is ever rounded, or refused: Decimal's own
#: 28 digits are fewer than an amount of coins may have.
EXACT = Context(prec=200)

_NUMBER = re.compile(r"[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,2})?")


def is_amount(value: object) -> bool:
    """A finite Decimal of at least 0; asked as "accept if", since NaN makes every comparison false."""
    return isinstance(value, Decimal) and value.is_finite() and value >= 0


def plain(amount: Decimal) -> str:
    """An amount in digits without an exponent, all of its decimals kept: `0.0000021`, never `2.1E-6`."""
    if not amount.is_finite():
        raise ValueError("an amount must be finite")
    return format(amount, "f")


def short(amount: Decimal) -> str:
    """As `plain`, without the zeros at its end: one spelling of each amount."""
    return plain(amount.normalize(EXACT))


def read_amount(value: object) -> Decimal:
    """An amount as JSON gave it: int, Decimal or decimal text. Raises Malformed(code="bad_amount").

    Refuses bool (`Decimal(True) == 1`), float, NaN, infinity and anything below zero.
    """
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = Decimal(value.strip())
    elif isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if isinstance(value, Decimal) and is_amount(value):
        return value
    raise Malformed("an amount cannot be read", code="bad_amount")
