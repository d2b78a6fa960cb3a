"""Amounts and moments as a reader of that language writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from bitloot.mail.figures import coins_in, moment_in, money_in

AT = datetime(2026, 11, 29, 1, 43, tzinfo=UTC)


def test_each_language_writes_figures_its_own_way() -> None:
    assert money_in("en", Decimal("19.80"), "eur") == "19.80 EUR"
    assert money_in("de", Decimal("19.80"), "eur") == "19,80 EUR"
    assert coins_in("de", Decimal("0.00050000"), "btc") == "0,0005 BTC"
    assert moment_in("en", AT) == "2026-11-29 01:43 UTC"
    assert moment_in("de", AT) == "29.11.2026, 01:43 UTC"


def test_small_amounts_have_no_exponent() -> None:
    assert coins_in("en", Decimal("2.10E-6"), "btc") == "0.0000021 BTC"


def test_no_digit_is_rounded_away() -> None:
    assert (
        coins_in("en", Decimal("12345678901.1234567890123456780"), "eth")
        == "12345678901.123456789012345678 ETH"
    )
