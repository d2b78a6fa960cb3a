"""JSON text as JavaScript writes it."""

from __future__ import annotations

import hashlib
import hmac
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.standins.jsontext import read_json, sort_keys, write_json, write_number

# What Node prints for these numbers.
JAVASCRIPT = {
    "0.0000021": "0.0000021",
    "0.000001": "0.000001",
    "1e-7": "1e-7",
    "1.25e-7": "1.25e-7",
    "20.00": "20",
    "0": "0",
    "-0.5": "-0.5",
    "81.52340017": "81.52340017",
    "100000000000000000000": "100000000000000000000",
    "1e21": "1e+21",
    "1234567890123456789012": "1.2345678901234568e+21",
    "0.1": "0.1",
}


@pytest.mark.parametrize(("text", "printed"), JAVASCRIPT.items())
def test_a_number_is_printed_as_javascript_prints_it(text: str, printed: str) -> None:
    assert write_number(Decimal(text)) == printed


def test_the_published_vectors_come_out_with_their_signatures() -> None:
    """PROVIDERS.md §3.8, vector B: nested fee, small floats, non-ASCII."""
    body = (
        '{"payment_id":4000000002,"parent_payment_id":null,"payment_status":"finished","price_amount":30,'
        '"price_currency":"usd","pay_amount":0.00041,"actually_paid":0.00041,"actually_paid_at_fiat":0,'
        '"pay_currency":"btc","order_id":"BL-0002","order_description":"Clé Steam – Duo/Pack “X”",'
        '"outcome_amount":0.00040591,"outcome_currency":"btc","payment_extra_ids":null,'
        '"fee":{"withdrawalFee":0,"depositFee":0.0000021,"serviceFee":1e-7,"currency":"btc"}}'
    ).encode()
    assert hashlib.sha256(body).hexdigest().startswith("7916bc51b089c30c")
    signed = hmac.new(b"bitloot-ipn-secret-2", write_json(sort_keys(read_json(body))).encode(), "sha512")
    assert signed.hexdigest().startswith("b1747cb445749de9078d110af3578dc7f2266050c7ab3ab7")


def test_keys_are_sorted_at_every_depth_and_arrays_are_left_alone() -> None:
    assert write_json(sort_keys({"b": [{"d": 1, "c": 2}], "a": {"f": None, "e": True}})) == (
        '{"a":{"e":true,"f":null},"b":[{"c":2,"d":1}]}'
    )


def test_text_stays_raw_but_a_lone_surrogate_is_escaped() -> None:
    assert write_json("Clé “X” / \n \ud800") == '"Clé “X” / \\n \\ud800"'


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b'{"a":Infinity}', b"[" * 100_000])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_json(body)


@given(st.decimals(min_value="1e-8", max_value="9999999", places=8))
def test_an_amount_of_coin_survives_its_text(amount: Decimal) -> None:
    assert Decimal(write_number(amount)) == amount


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_what_is_written_reads_back_equal(value: object) -> None:
    assert json.loads(write_json(value)) == value
