"""A person sees of a sealed body what is known to be harmless, and of all else only its size."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bitloot.redaction import redacted, redacted_headers

CANARY = "BLKEY-0123456789abcdef0123456789abcdef"


def shown(content: Any) -> Any:
    return redacted(json.dumps(content).encode())


def test_what_a_payment_is_about_is_seen() -> None:
    body = b'{"payment_id":5000000001,"payment_status":"finished","actually_paid":0.00051000,"fee":{"depositFee":1e-7}}'
    assert redacted(body) == {
        "payment_id": "5000000001",
        "payment_status": "finished",
        "actually_paid": "0.00051000",
        "fee": {"depositFee": "1E-7"},
    }


@pytest.mark.parametrize(
    "content",
    [
        {"key": CANARY},
        {"keys": [{"serial": CANARY}, CANARY]},
        {"status": "delivered", "note": {"deep": [CANARY]}},
        {CANARY: 1},
        {"status": "AAAAA-BBBBB-CCCCC"},
        {"orderId": CANARY * 4},
        CANARY,
        [CANARY],
    ],
)
def test_a_key_is_hidden_under_any_name_or_as_one(content: Any) -> None:
    text = json.dumps(shown(content))
    assert CANARY not in text
    assert "BBBBB" not in text


def test_numbers_under_unknown_names_are_hidden_too() -> None:
    assert shown({"pin": 1234567890123456}) == {"pin": "(16 characters)"}


def test_of_a_mail_address_the_first_letter_and_the_house_are_seen() -> None:
    assert shown({"email": "buyer@example.test"}) == {"email": "b…@example.test"}
    assert "buyer" not in json.dumps(shown({"order_description": "for buyer@example.test"}))


def test_a_body_that_is_no_json_is_only_measured() -> None:
    assert redacted(CANARY.encode()) == {"unreadable": "json_syntax", "bytes": len(CANARY)}
    assert redacted(b'{"a":1,"a":2}') == {"unreadable": "json_duplicate_key", "bytes": 13}


def test_of_headers_that_prove_something_only_the_length_is_seen() -> None:
    headers = {"x-event-secret": "s3cret", "x-event-name": "order.status", "content-type": "a" * 500}
    seen = redacted_headers(headers)
    assert (seen["x-event-secret"], seen["x-event-name"]) == ("(6 characters)", "order.status")
    assert len(seen["content-type"]) == 128
