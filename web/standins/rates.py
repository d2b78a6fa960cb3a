"""A made-up, fixed table of coins and rates: the same price is always the same amount of coin."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

__all__ = ["COINS", "FIAT", "Coin", "convert", "minimum"]


@dataclass(frozen=True)
class Coin:
    """`euros` is the value of one coin; `places` how finely it divides (≤ 8: a double holds it)."""

    euros: Decimal
    places: int
    network: str
    memo: bool = False
    deposit_fee: Decimal = Decimal(0)


COINS: dict[str, Coin] = {
    "btc": Coin(Decimal(50_000), 8, "btc", deposit_fee=Decimal("0.0000021")),
    "eth": Coin(Decimal(2_500), 8, "eth", deposit_fee=Decimal("0.000083")),
    "ltc": Coin(Decimal(80), 8, "ltc", deposit_fee=Decimal("0.00001")),
    "trx": Coin(Decimal("0.25"), 6, "trx", deposit_fee=Decimal("0.000002")),
    "usdttrc20": Coin(Decimal("0.92"), 6, "trx"),
    "xrp": Coin(Decimal("0.5"), 6, "xrp", memo=True),
    "doge": Coin(Decimal("0.1"), 8, "doge"),
    "xmr": Coin(Decimal(150), 8, "xmr", deposit_fee=Decimal("0.0000001")),
}

#: Euros for one unit.
FIAT: dict[str, Decimal] = {"eur": Decimal(1), "usd": Decimal("0.92"), "gbp": Decimal("1.17")}


def convert(amount: Decimal, source: str, target: str) -> Decimal:
    """Rounded up to the target's precision. Raises KeyError for a currency that is not in the table."""
    places = COINS[target].places if target in COINS else 2
    value = amount * _euros(source) / _euros(target)
    return value.quantize(Decimal(1).scaleb(-places), ROUND_UP)


def minimum(coin: str) -> Decimal:
    """The smallest payment in this coin: half a euro."""
    return convert(Decimal("0.5"), "eur", coin)


def _euros(currency: str) -> Decimal:
    return COINS[currency].euros if currency in COINS else FIAT[currency]
