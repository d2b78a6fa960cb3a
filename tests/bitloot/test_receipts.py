"""Receipts: signed as a whole, checked with the public key and nothing else."""

from __future__ import annotations

import base64
import json
import pickle
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bitloot.errors import BadSignature, Malformed, UnsafeSettings
from bitloot.receipts import ReceiptKeys, check_receipt
from bitloot.settings import Settings

KEYS = ReceiptKeys({1: b"1" * 32})
FACTS: dict[str, Any] = {"shop": "Schöner Laden", "order": {"id": "a", "price": "20.00"}, "reveals": []}


def text(**changes: Any) -> str:
    return json.dumps(KEYS.sign(FACTS) | changes, indent=3)


def test_a_receipt_is_checked_by_the_public_key_alone() -> None:
    """As docs/audit.md tells others to do it, without our code."""
    receipt = KEYS.sign(FACTS)
    signature = base64.b64decode(receipt.pop("signature"))
    plain = json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(KEYS.public[1]))
    public.verify(signature, b"bitloot receipt 1\n" + plain)
    assert check_receipt(text(), KEYS.public)["order"] == FACTS["order"]


@pytest.mark.parametrize(
    "changes",
    [
        {"shop": "Another"},
        {"order": {"id": "b", "price": "20.00"}},
        {"more": 1},
        {"signature": base64.b64encode(bytes(64)).decode()},
        {"signature": ""},
    ],
)
def test_whatever_changes_breaks_the_signature(changes: dict[str, Any]) -> None:
    with pytest.raises(BadSignature):
        check_receipt(text(**changes), KEYS.public)


def test_a_receipt_by_a_key_of_ones_own_is_none_of_ours() -> None:
    """It names that key, and holds by it."""
    forger = ReceiptKeys({1: b"2" * 32})
    forged = json.dumps(forger.sign(FACTS))
    assert check_receipt(forged, forger.public)
    with pytest.raises(BadSignature) as caught:
        check_receipt(forged, KEYS.public)
    assert caught.value.code == "unknown_key"


@pytest.mark.parametrize(
    "noise",
    ["", "[]", "null", '"x"', "{}", '{"signature": 1, "publicKey": ""}', text(type="x"), text(version=2)],
)
def test_what_is_no_receipt_is_refused_politely(noise: str) -> None:
    with pytest.raises(Malformed):
        check_receipt(noise, KEYS.public)


def test_after_a_new_audit_key_old_receipts_hold() -> None:
    both = ReceiptKeys({2: b"2" * 32, 1: b"1" * 32})
    assert check_receipt(text(), both.public)
    assert both.sign(FACTS)["publicKey"] == both.public[2] != both.public[1]


def test_the_keys_are_not_shown_and_not_missing() -> None:
    assert repr(KEYS) == "ReceiptKeys(1)"
    with pytest.raises(TypeError):
        pickle.dumps(KEYS)
    for wrong in ("", "1:short"):
        with pytest.raises(UnsafeSettings, match="AUDIT_KEYS"):
            ReceiptKeys.from_settings(Settings.model_validate({"audit_keys": wrong}))
