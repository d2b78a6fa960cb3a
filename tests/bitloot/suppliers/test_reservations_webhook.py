"""Webhooks of the reservation dialect, proved in each of the three ways."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from pydantic import SecretStr

from bitloot.errors import BadSignature, Malformed
from bitloot.states import SupplierStatus
from bitloot.suppliers.base import Hint
from bitloot.suppliers.reservations_webhook import Verifier, read_webhook

#: PROVIDERS.md §3.8 E.
SECRET = "bitloot-kinguin-secret"
BODY = b'{"reservationId":"res-0001","status":"delivered","key":"AAAAA-BBBBB-CCCCC"}'
SIGNATURE = (
    "f76de3058c85d7511103bfea31ab68d9574dde67f091962a57db1bd3f54fbbb6"
    "37bded35427cfc4c9258f660702550c5a5e154fec1585ca1148896cce6c8404a"
)

SHA512 = Verifier("hmac-sha512", SecretStr(SECRET))
STATIC = Verifier("static", SecretStr(SECRET))


def _read(fields: Any) -> Hint:
    return read_webhook({"x-auth-token": SECRET}, json.dumps(fields).encode(), STATIC)


def test_the_published_vector_is_accepted_and_its_key_left_alone() -> None:
    hint = read_webhook({"x-kinguin-signature": SIGNATURE}, BODY, SHA512)
    assert (hint.supplier_ref, hint.status) == ("res-0001", SupplierStatus.DELIVERED)
    assert "AAAAA" not in repr(hint)


def test_the_digest_tells_nothing_of_the_key() -> None:
    other = BODY.replace(b"AAAAA", b"ZZZZZ")
    proof = hmac.new(SECRET.encode(), other, hashlib.sha512).hexdigest()
    first = read_webhook({"x-kinguin-signature": SIGNATURE}, BODY, SHA512)
    assert read_webhook({"x-kinguin-signature": proof}, other, SHA512).digest == first.digest


@pytest.mark.parametrize("kind", ["hmac-sha512", "hmac-sha256", "static"])
def test_each_kind_of_proof_is_asked_for_alone(kind: Literal["hmac-sha512", "hmac-sha256", "static"]) -> None:
    proofs = {
        "hmac-sha512": {"x-kinguin-signature": SIGNATURE.upper()},
        "hmac-sha256": {"x-kinguin-signature": hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()},
        "static": {"x-auth-token": SECRET},
    }
    for proved, headers in proofs.items():
        if proved == kind:
            assert read_webhook(headers, BODY, Verifier(kind, SecretStr(f" {SECRET}\n"))).relevant
            changing = Verifier(kind, SecretStr("the-new-one"), SecretStr(SECRET))
            assert read_webhook(headers, BODY, changing).proof == "secret-previous"
        else:
            with pytest.raises(BadSignature):
                read_webhook(headers, BODY, Verifier(kind, SecretStr(SECRET)))


@pytest.mark.parametrize("kind", ["hmac-sha512", "hmac-sha256", "static"])
def test_without_a_secret_of_our_own_nothing_is_believed(
    kind: Literal["hmac-sha512", "hmac-sha256", "static"],
) -> None:
    empty = hmac.new(b"", BODY, hashlib.sha512).hexdigest()
    for given in ("", empty):
        with pytest.raises(BadSignature):
            read_webhook(
                {"x-kinguin-signature": given, "x-auth-token": given}, BODY, Verifier(kind, SecretStr(" "))
            )


def test_one_changed_byte_anywhere_is_refused() -> None:
    for at in range(len(BODY)):
        forged = bytearray(BODY)
        forged[at] ^= 1
        with pytest.raises(BadSignature):
            read_webhook({"x-kinguin-signature": SIGNATURE}, bytes(forged), SHA512)


@pytest.mark.parametrize(
    ("fields", "event", "status"),
    [
        ({"status": "ready"}, "ready", SupplierStatus.PENDING),
        ({"status": "delivered", "event": "cancelled"}, "delivered", SupplierStatus.DELIVERED),
        ({"event": "reservation.delivered"}, "delivered", SupplierStatus.DELIVERED),
        ({"event": "failed"}, "failed", SupplierStatus.FAILED),
        ({"status": "cancelled"}, "cancelled", SupplierStatus.CANCELED),
        ({"status": "CANCELED"}, "canceled", SupplierStatus.CANCELED),
        ({"status": "dreaming"}, "dreaming", None),
        ({"status": 7}, "unnamed", None),
        ({}, "unnamed", None),
    ],
)
def test_the_word_is_status_or_else_event(fields: Any, event: str, status: SupplierStatus | None) -> None:
    hint = _read({"reservationId": "r-1", **fields})
    assert (hint.event, hint.status, hint.relevant) == (event, status, True)


@pytest.mark.parametrize(
    ("fields", "ref"),
    [
        ({"orderId": "BL-1"}, "BL-1"),
        ({"orderExternalId": "BL-1", "orderId": "theirs"}, "BL-1"),
        ({"orderId": ""}, None),
        ({"orderId": []}, None),
        ({}, None),
    ],
)
def test_our_reference_comes_under_either_name(fields: Any, ref: str | None) -> None:
    assert _read({"reservationId": 7, **fields}).purchase_ref == ref
    assert _read({"reservationId": 7, **fields}).supplier_ref == "7"


@pytest.mark.parametrize("name", ["updatedAt", "occurredAt", "timestamp"])
def test_its_time_is_read_where_there_is_one(name: str) -> None:
    hint = _read({"reservationId": "r-1", name: "2026-01-02T03:04:05Z"})
    assert hint.updated_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert _read({"reservationId": "r-1", name: "2026-01-02T03:04:06Z"}).digest != hint.digest


def test_a_webhook_about_nothing_is_not_relevant() -> None:
    assert not _read({"event": "test"}).relevant


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"\xff", b'{"a":1,"a":2}', b"[" * 60_000])
def test_a_proved_body_that_is_no_object_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        read_webhook({"x-auth-token": SECRET}, body, STATIC)
    with pytest.raises(BadSignature):
        read_webhook({"x-auth-token": "x"}, body, STATIC)
