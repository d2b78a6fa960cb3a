"""Amounts of money as Decimal: read strictly, written plainly."""

from __future__ import annotations

import re
from decimal import Decimal

from bitloot.errors import Malformed

__all__ = ["is_amount", "plain", "read_amount"]

_NUMBER = re.compile(r"[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,2})?")


def is_amount(value: object) -> bool:
    """A finite Decimal of at least 0; asked as "accept if", since NaN makes every comparison false."""
    return isinstance(value, Decimal) and value.is_finite() and value >= 0


def plain(amount: Decimal) -> str:
    """An amount in digits without an exponent, all of its decimals kept: `0.0000021`, never `2.1E-6`."""
    if not amount.is_finite():
        raise ValueError("an amount must be finite")
    return format(amount, "f")


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
