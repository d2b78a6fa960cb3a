"""The canonical form is the received lexemes in JavaScript's order, and nothing else."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitloot.errors import Malformed
from bitloot.gateways.ipn_canonical import canonical
from bitloot.strict_json import MAX_DEPTH, loads


@pytest.mark.parametrize(
    ("body", "form"),
    [
        ('{"b":1,"a":2}', '{"a":2,"b":1}'),
        (' { "b" : [ 3 , 1 ] ,\n\t"a" : { "d" : 1 , "c" : 2 } } ', '{"a":{"c":2,"d":1},"b":[3,1]}'),
        ('[{"b":1,"a":[{"z":1,"y":2}]}]', '[{"a":[{"y":2,"z":1}],"b":1}]'),
        ('{"n":1e-7,"m":20.00,"l":2E+6,"k":-0.0}', '{"k":-0.0,"l":2E+6,"m":20.00,"n":1e-7}'),
        ('{"s":"a\\/b\\u00e9é  {,}"}', '{"s":"a\\/b\\u00e9é  {,}"}'),
        (
            '{"t":true,"f":false,"n":null,"e":"","o":{},"a":[]}',
            '{"a":[],"e":"","f":false,"n":null,"o":{},"t":true}',
        ),
        ('{"a_b":1,"aB":2,"ab":3,"a":4}', '{"a":4,"aB":2,"a_b":1,"ab":3}'),
        # array indices come first and by number, as a JavaScript object holds them
        ('{"a":0,"10":1,"9":2,"01":3,"!":4}', '{"9":2,"10":1,"!":4,"01":3,"a":0}'),
        ('{"4294967295":1,"4294967294":2,"!":3}', '{"4294967294":2,"!":3,"4294967295":1}'),
        # UTF-16 code units: U+10000 (D800 DC00) stands before U+FF61
        ('{"｡":1,"𐀀":2,"é":3}', '{"é":3,"𐀀":2,"｡":1}'),
        ('{"\\u0062":1,"a":2}', '{"a":2,"\\u0062":1}'),
        ("7", "7"),
    ],
)
def test_keys_are_sorted_and_lexemes_kept(body: str, form: str) -> None:
    assert canonical(body.encode()).decode() == form


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[",
        b'{"a"',
        b'{"a":',
        b'{"a":1',
        b'{"a":1,',
        b'{"a":1,}',
        b"[1,]",
        b'{"a" 1}',
        b'{"a":1 "b":2}',
        b"[1 2]",
        b"1 2",
        b"01",
        b"1.",
        b"-",
        b"NaN",
        b"tru",
        b'"a',
        b'"\\x"',
        b'"\n"',
        b"{a:1}",
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":1}',
        b"\xff",
        b"\xef\xbb\xbf1",
        "²".encode(),
        "[1,٣]".encode(),
        b"}",
        b",",
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b"[" * 60_000,
        b'"' + b"\\" * 60_001,
        b'{"a":' * 12_000,
    ],
)
def test_what_is_no_strict_json_has_no_canonical_form(body: bytes) -> None:
    with pytest.raises(Malformed) as refused:
        canonical(body)
    assert refused.value.code.startswith("json_")


def test_a_string_without_an_end_is_read_once_and_not_from_each_quote_in_it() -> None:
    """Nobody has to sign it: 64 KiB took 20 s, in which no other thread ran. The limit is for any machine."""
    began = time.thread_time()
    with pytest.raises(Malformed):
        canonical(b'{"a":"' + b'\\"' * 30_000)
    assert time.thread_time() - began < 3


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["a", "b", "B", "10", "9", "é", "𐀀", "｡", '"', "\\"]), inner, max_size=6
        )
    ),
    max_leaves=15,
)


@given(values, st.booleans(), st.sampled_from([None, 1]))
def test_the_canonical_form_says_the_same_and_is_stable(
    value: Any, ascii_only: bool, indent: int | None
) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    form = canonical(body)
    assert json.loads(form) == value
    assert canonical(form) == form


@given(st.binary(max_size=80) | st.text('{}[],:"\\ 0123456789eE+-.truefalsn', max_size=40).map(str.encode))
def test_it_never_takes_what_the_strict_loader_refuses_as_syntax(body: bytes) -> None:
    try:
        canonical(body)
    except Malformed:
        return
    assert _refusal(body) in {None, "json_number", "json_text"}


def _refusal(body: bytes) -> str | None:
    try:
        loads(body)
    except Malformed as refused:
        return refused.code
    return None
