"""Amounts and moments as the reader of a letter writes them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from bitloot.amounts import EXACT, plain

__all__ = ["coins_in", "moment_in", "money_in"]


def money_in(language: str, amount: Decimal, currency: str) -> str:
    """All decimals kept: `19.80 EUR`, `19,80 EUR`."""
    digits = plain(amount)
    return f"{digits.replace('.', ',') if language == 'de' else digits} {currency.upper()}"


def coins_in(language: str, amount: Decimal, coin: str) -> str:
    """Without the zeros that a column of fixed scale adds: `0.0005 BTC`."""
    return money_in(language, amount.normalize(EXACT), coin)


def moment_in(language: str, at: datetime) -> str:
    """`at` is in UTC, and the text says so."""
    return f"{at:%d.%m.%Y, %H:%M} UTC" if language == "de" else f"{at:%Y-%m-%d %H:%M} UTC"
