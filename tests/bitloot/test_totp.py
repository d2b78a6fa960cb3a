"""One-time codes, by the test vectors of RFC 6238, and none of them twice."""

from __future__ import annotations

import base64

import pyotp

from bitloot.totp import PERIOD, matching_step, new_secret, setup_address

#: RFC 6238, appendix B (SHA-1): its codes have eight digits, ours the last six of them.
RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
RFC_CODES = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}


def test_the_codes_are_those_of_the_standard() -> None:
    for second, code in RFC_CODES.items():
        assert matching_step(RFC_SECRET, code, now=second) == second // PERIOD


def test_a_clock_may_differ_by_one_code_and_no_more() -> None:
    for shift, counts in ((-60, False), (-30, True), (30, True), (60, False)):
        assert (matching_step(RFC_SECRET, "081804", now=1111111109 + shift) is not None) is counts


def test_a_code_that_was_used_counts_no_more() -> None:
    step = matching_step(RFC_SECRET, "081 804", now=1111111109)
    assert step is not None
    assert matching_step(RFC_SECRET, "081804", now=1111111109, after=step) is None


def test_what_is_no_code_matches_nothing() -> None:
    for code in ("", "81804", "0818041", "٠٨١٨٠٤", "abcdef"):
        assert matching_step(RFC_SECRET, code, now=1111111109) is None


def test_an_app_understands_the_address() -> None:
    secret = new_secret()
    read = pyotp.parse_uri(setup_address(secret, "olga@shop.example", "BitLoot"))
    assert (read.secret, read.name, read.issuer) == (secret, "olga@shop.example", "BitLoot")
