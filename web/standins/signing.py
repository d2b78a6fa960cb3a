"""How the providers sign what they send."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from web.standins.jsontext import sort_keys, write_json

__all__ = ["sign_body", "sign_ipn"]


def sign_ipn(secret: str, payload: Any) -> str:
    """Hex HMAC-SHA512 over the payload as JavaScript prints it, keys sorted at every depth (PROVIDERS.md §3.6)."""
    return sign_body("sha512", secret.strip(), write_json(sort_keys(payload)).encode())


def sign_body(algorithm: str, secret: str, body: bytes) -> str:
    """Hex HMAC over the raw body."""
    return hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()
