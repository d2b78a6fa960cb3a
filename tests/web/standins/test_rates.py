"""The made-up rates."""

from __future__ import annotations

from decimal import Decimal

import pytest

from web.standins.rates import COINS, FIAT, convert, minimum


@pytest.mark.parametrize("coin", COINS)
@pytest.mark.parametrize("fiat", FIAT)
def test_an_amount_of_coin_is_worth_the_price_and_fits_the_coin(coin: str, fiat: str) -> None:
    amount = convert(Decimal("24.90"), fiat, coin)
    assert -amount.as_tuple().exponent == COINS[coin].places  # type: ignore[operator]
    assert amount * COINS[coin].euros >= Decimal("24.90") * FIAT[fiat]


def test_the_same_price_is_always_the_same_amount() -> None:
    assert convert(Decimal(25), "eur", "btc") == Decimal("0.00050000")
    assert convert(Decimal(25), "usd", "trx") == Decimal(92)


def test_the_minimum_is_half_a_euro() -> None:
    assert minimum("trx") == 2


def test_an_unknown_currency_is_an_error() -> None:
    with pytest.raises(KeyError):
        convert(Decimal(1), "eur", "xyz")
