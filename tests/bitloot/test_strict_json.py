"""The strict loader refuses what JSON parsers disagree about; the writer keeps every digit."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitloot.errors import Malformed
from bitloot.strict_json import MAX_BYTES, MAX_DEPTH, dumps, loads


def test_numbers_keep_their_text() -> None:
    read = loads(b'{"a":0.0000021,"b":1e-7,"c":12,"d":20.00,"e":-0}')
    assert read == {"a": Decimal("0.0000021"), "b": Decimal("1e-7"), "c": 12, "d": Decimal("20.00"), "e": 0}
    assert str(read["d"]) == "20.00"
    assert [type(value) for value in read.values()] == [Decimal, Decimal, int, Decimal, int]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"\xef\xbb\xbf{}", "json_encoding"),
        (b"\xff\xfe{\x00}\x00", "json_encoding"),
        (b'"\xed\xa0\x80"', "json_encoding"),
        (b'"\xc0\x80"', "json_encoding"),
        ('{"a":1}'.encode("utf-16-le"), "json_syntax"),
        (b'{"a":1,"a":2}', "json_duplicate_key"),
        (b'{"a":1,"\\u0061":2}', "json_duplicate_key"),
        (b'{"b":[{"a":1,"a":1}]}', "json_duplicate_key"),
        (b"NaN", "json_constant"),
        (b'{"a":Infinity}', "json_constant"),
        (b"[-Infinity]", "json_constant"),
        (b"1" * 41, "json_number"),
        (b"1." + b"0" * 39, "json_number"),
        (b"1" * 5000, "json_number"),
        (b"1e400", "json_number"),
        (b"0e999999999", "json_number"),
        (b"1e-999999999", "json_number"),
        (b"1e99999999999999999999", "json_number"),  # beyond Decimal, not only beyond us
        (b"1e-99999999999999999999", "json_number"),
        (b"[" * 33 + b"]" * 33, "json_depth"),
        (b"[" * 20_000 + b"]" * 20_000, "json_depth"),
        (b'{"a":' * 12_000, "json_depth"),
        (b'"\\ud800"', "json_text"),
        (b'{"\\udc00":1}', "json_text"),
        (b'["\\ud800\\ud800"]', "json_text"),
        (b'"\\u0000"', "json_text"),
        (b'{"a":{"b":["\\u0000"]}}', "json_text"),
        (b'"\x00"', "json_syntax"),
        (b"", "json_syntax"),
        (b" ", "json_syntax"),
        (b"{", "json_syntax"),
        (b'{"a":1,}', "json_syntax"),
        (b"[1] 2", "json_syntax"),
        (b"01", "json_syntax"),
        (b"+1", "json_syntax"),
        (b".5", "json_syntax"),
        (b"{'a':1}", "json_syntax"),
        (b'"\n"', "json_syntax"),
        (b'"\\x41"', "json_syntax"),
        ("[١]".encode(), "json_syntax"),
        (b"// x\n1", "json_syntax"),
        (b" " * MAX_BYTES + b"1", "json_too_large"),
    ],
)
def test_what_parsers_disagree_about_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(Malformed) as refused:
        loads(body)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, None),
        (b"[" + b"[]," * 200 + b"[]]", [[]] * 201),
        (b'{"a":"' + b"[{" * 200 + b'\\"["}', {"a": "[{" * 200 + '"['}),
        (b'"\\ud83d\\ude00"', "😀"),
        (b" \t\r\n true ", True),
        (b"9" * 40, int("9" * 40)),
        ('{"order":"Clé – “X”"}'.encode(), {"order": "Clé – “X”"}),
    ],
)
def test_what_is_only_unusual_is_read(body: bytes, value: Any) -> None:
    read = loads(body)
    assert read == value if value is not None else json.dumps(read).encode() == body


@pytest.mark.parametrize("piece", [b'\\"', b'"\\'])
def test_a_string_without_an_end_is_read_once_and_not_from_each_quote_in_it(piece: bytes) -> None:
    """Strangers may send it: 64 KiB took 20 s, in which no other thread ran. The limit is for any machine."""
    body = b"[" * (MAX_DEPTH + 1) + b'"' + piece * (60_000 // len(piece))
    began = time.thread_time()
    with pytest.raises(Malformed):
        loads(body)
    assert time.thread_time() - began < 3


def test_a_refusal_repeats_none_of_the_body() -> None:
    with pytest.raises(Malformed) as refused:
        loads(b'{"key":"AAAAA-BBBBB-CCCCC"')
    assert "AAAAA" not in str(refused.value)
    assert refused.value.__context__ is None


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_code(body: bytes) -> None:
    assert _refusal(body).startswith("json_")


def _refusal(body: bytes) -> str:
    try:
        return f"json_{type(loads(body)).__name__}"
    except Malformed as refused:
        return refused.code


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=8)
    | st.text(st.characters(exclude_characters="\0", codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('abcé"\\ ', max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(json_values)
def test_what_is_written_reads_back_equal(value: Any) -> None:
    assert loads(dumps(value)) == value


def test_a_decimal_is_written_as_a_plain_number() -> None:
    assert dumps({"price": Decimal("1E-7"), "all": [Decimal("24.90"), True, None, "é"]}) == (
        '{"price":0.0000001,"all":[24.90,true,null,"é"]}'.encode()
    )


@pytest.mark.parametrize("value", [1.5, {1.5}, b"bytes", {"a": object()}])
def test_what_has_no_exact_form_is_not_written(value: Any) -> None:
    with pytest.raises(TypeError):
        dumps(value)
