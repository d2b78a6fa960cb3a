"""Signatures, by hand."""

from __future__ import annotations

import hashlib
import hmac

from web.standins.signing import sign_body, sign_ipn


def test_an_ipn_is_signed_over_sorted_keys_as_javascript_prints_them() -> None:
    text = b'{"a":{"b":1e-7,"c":0.0000021},"z":"\xc3\xa9"}'
    by_hand = hmac.new(b"secret", text, hashlib.sha512).hexdigest()
    assert sign_ipn(" secret\n", {"z": "é", "a": {"c": 0.0000021, "b": 1e-7}}) == by_hand


def test_a_body_is_signed_as_it_is() -> None:
    assert sign_body("sha256", "s", b"{ }") == hmac.new(b"s", b"{ }", hashlib.sha256).hexdigest()
