"""Amounts are read strictly and written plainly."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitloot.amounts import EXACT, is_amount, plain, read_amount, short
from bitloot.errors import Malformed


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (30, "30"),
        (Decimal("1e-7"), "0.0000001"),
        ("24.90", "24.90"),
        (" 7 ", "7"),
        ("2e-06", "0.000002"),
        (0, "0"),
    ],
)
def test_an_amount_keeps_its_digits(value: object, amount: str) -> None:
    assert plain(read_amount(value)) == amount


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        None,
        1.5,
        -1,
        Decimal("-0.01"),
        Decimal("NaN"),
        Decimal("Infinity"),
        "NaN",
        "-1",
        "",
        "1,5",
        "٣",
        "1e999",
        [],
        {},
    ],
)
def test_what_is_no_amount_is_refused(value: object) -> None:
    with pytest.raises(Malformed) as refused:
        read_amount(value)
    assert refused.value.code == "bad_amount"


@given(st.decimals(min_value=0, max_value=Decimal(10) ** 20, allow_nan=False, allow_infinity=False))
def test_plain_text_reads_back_as_the_same_amount(amount: Decimal) -> None:
    assert is_amount(amount)
    assert "e" not in plain(amount).lower()
    assert Decimal(plain(amount)) == amount


def test_an_amount_that_is_not_finite_is_not_written() -> None:
    with pytest.raises(ValueError, match="finite"):
        plain(Decimal("NaN"))


def test_the_short_form_of_an_amount_keeps_every_digit() -> None:
    long = Decimal("99999999999999999999.999999999999999990")
    assert short(long) == "99999999999999999999.99999999999999999"
    assert short(EXACT.subtract(long, Decimal("1e-18"))) == "99999999999999999999.999999999999999989"
