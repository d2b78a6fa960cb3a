"""Whether NOWPayments signed a notice: HMAC-SHA512 of its sorted form or its raw body (PROVIDERS.md §3.6)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

from bitloot.errors import BadSignature, Malformed
from bitloot.gateways.ipn_canonical import canonical

__all__ = ["SIGNATURE_HEADER", "prove"]

SIGNATURE_HEADER = "x-nowpayments-sig"

#: Characters of a SHA-512 digest in hexadecimal.
_HEX = 128


def _raw(body: bytes) -> bytes:
    return body


# In order of preference. Left out on purpose: the replacer form, which covers no nested value, and the forms
# of the provider's Python and PHP samples, which re-print small numbers and refuse real notices.
_FORMS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (("sorted", canonical), ("raw", _raw))


def prove(signature: str | None, body: bytes, secret: str, previous: str = "") -> str:
    """Which form of `body` the signature covers: `sorted` or `raw`. Raises BadSignature.

    `signature` is the header as received: any case, surrounding blanks allowed, any characters survived.
    While a secret is being changed `previous` is believed as well; `sorted-previous` and `raw-previous` say so.
    """
    given = (signature or "").strip().lower().encode("utf-8", "replace")
    keys = [
        (mark, text.strip().encode("utf-8"))
        for mark, text in (("", secret), ("-previous", previous))
        if text.strip()
    ]
    if len(given) != _HEX or not keys:
        raise BadSignature("nowpayments: the notice carries no usable signature")
    for name, form in _FORMS:
        signed = _formed(form, body)
        for mark, key in keys:
            if signed is not None and hmac.compare_digest(_digest(signed, key), given):
                return name + mark
    raise BadSignature("nowpayments: the signature does not match")


def _formed(form: Callable[[bytes], bytes], body: bytes) -> bytes | None:
    """None when the body has no such form: then no signature covers it."""
    try:
        return form(body)
    except Malformed:
        return None


def _digest(signed: bytes, key: bytes) -> bytes:
    return hmac.digest(key, signed, hashlib.sha512).hex().encode("ascii")
