"""Notices that no provider sent: other words under an old proof, or the right words under a wrong secret."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from web.standins.jsontext import read_json, write_json
from web.standins.signing import sign_body, sign_ipn

__all__ = ["forged", "wrongly_signed"]

Fraud = tuple[bytes, Mapping[str, str]]

#: The lie that would do most harm instead of each word.
_LIES = {
    "waiting": "finished",
    "confirming": "finished",
    "confirmed": "finished",
    "sending": "finished",
    "finished": "refunded",
    "partially_paid": "finished",
    "completed": "canceled",
    "delivered": "cancelled",
}


def forged(body: bytes, headers: Mapping[str, str]) -> Fraud:
    """Another status under the proof of the true one. A static secret in clear proves even that (PROVIDERS.md §1.6)."""
    fields = read_json(body)
    name = "payment_status" if "payment_status" in fields else "status"
    lie = _LIES.get(str(fields.get(name)), "completed")
    changed: dict[str, Any] = {**fields, name: lie}
    if "event" in fields:
        changed["event"] = f"reservation.{lie}"
    return write_json(changed).encode(), headers


def wrongly_signed(body: bytes, headers: Mapping[str, str]) -> Fraud:
    """The same words, signed as the provider signs, with a secret that is not the shop's."""
    return body, {name: _wrong_proof(name, value, body) for name, value in headers.items()}


def _wrong_proof(name: str, value: str, body: bytes) -> str:
    wrong = secrets.token_urlsafe(32)
    match name.lower():
        case "x-nowpayments-sig":
            return sign_ipn(wrong, read_json(body))
        case "x-kinguin-signature":
            return sign_body("sha512" if len(value) == 128 else "sha256", wrong, body)
        case "x-event-secret" | "x-auth-token":
            return wrong
    return value
