"""Notices that nobody sent."""

from __future__ import annotations

import json

import pytest

from web.standins.forgeries import forged, wrongly_signed
from web.standins.signing import sign_body, sign_ipn


def test_a_forged_notice_says_something_else_under_the_old_proof() -> None:
    headers = {"X-KINGUIN-SIGNATURE": "ab"}
    body, kept = forged(b'{"event":"reservation.processing","status":"processing"}', headers)
    assert json.loads(body) == {"event": "reservation.completed", "status": "completed"}
    assert kept == headers
    assert (
        json.loads(forged(b'{"payment_status":"waiting","status":1}', {})[0])["payment_status"] == "finished"
    )


@pytest.mark.parametrize("algorithm", ["sha512", "sha256"])
def test_a_wrong_secret_signs_in_the_right_form(algorithm: str) -> None:
    right = sign_body(algorithm, "secret", b"{}")
    body, headers = wrongly_signed(b"{}", {"X-KINGUIN-SIGNATURE": right, "Content-Type": "x"})
    assert (body, headers["Content-Type"]) == (b"{}", "x")
    assert len(headers["X-KINGUIN-SIGNATURE"]) == len(right)
    assert headers["X-KINGUIN-SIGNATURE"] != right


def test_static_secrets_and_ipn_signatures_are_wrong_too() -> None:
    right = {"X-Event-Secret": "s", "X-Auth-Token": "t", "x-nowpayments-sig": sign_ipn("secret", {"a": 1})}
    wrong = wrongly_signed(b'{"a":1}', right)[1]
    assert wrong.keys() == right.keys()
    assert all(wrong[name] != value for name, value in right.items())
