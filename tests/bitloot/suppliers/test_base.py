"""The supplier's protocol: a key in plaintext shows nowhere but in its own field."""

from __future__ import annotations

import traceback
from decimal import Decimal

import pytest

from bitloot.suppliers.base import Hint, Keys, SupplierKey, Wanted

KEY = SupplierKey("k-1", "text/plain", b"AAAAA-BBBBB-CCCCC")


def test_a_key_shows_in_no_text() -> None:
    for text in (repr(KEY), str(KEY), f"{[KEY]}", repr(Keys((KEY,), complete=True))):
        assert "AAAAA" not in text
        assert "k-1" in text


def test_a_key_shows_in_no_traceback() -> None:
    with pytest.raises(ValueError, match="k-1") as raised:
        raise ValueError(KEY)
    assert "AAAAA" not in "".join(traceback.format_exception(raised.value))


def test_text_keys_are_wanted_and_hints_matter_unless_said_otherwise() -> None:
    assert Wanted("p", 1, Decimal(1), "eur").text_only
    assert Hint("order.status", None, None, None, None, "0").relevant
