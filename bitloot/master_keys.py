"""Master keys: what wraps data keys, here or in a key service."""

from __future__ import annotations

import base64
import os
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bitloot.envelope import NONCE, TAG
from bitloot.errors import SealBroken

__all__ = ["LocalKey", "MasterKey", "decrypt", "parse_master_keys"]


class MasterKey(Protocol):
    """One master key. A key service (KMS, HSM) takes part by these two calls and never gives its key away.

    `bound` is the additional data: what `wrap` got must be there again, or `unwrap` refuses. Both may raise
    Retryable or Blocked where the service is away; `unwrap` raises SealBroken (tampered) for what it did not wrap.
    """

    def wrap(self, data_key: bytes, bound: bytes) -> bytes:
        """The wrapped form, 1…MAX_BODY bytes in whatever format is the service's own."""

    def unwrap(self, body: bytes, bound: bytes) -> bytes:
        """The data key again."""


class LocalKey:
    """A master key in this process: AES-256-GCM; its wrapped form is nonce, ciphertext and tag."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("a master key has 32 bytes")
        # The cipher only: no attribute holds key bytes that a debugger or repr could show.
        self._cipher = AESGCM(key)

    def wrap(self, data_key: bytes, bound: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, data_key, bound)

    def unwrap(self, body: bytes, bound: bytes) -> bytes:
        return decrypt(self._cipher, body, bound)


def decrypt(cipher: AESGCM, body: bytes, bound: bytes) -> bytes:
    """What nonce, ciphertext and tag hold. Raises SealBroken (tampered)."""
    if len(body) < NONCE + TAG:
        raise SealBroken("vault: cut short", code="bad_format")
    try:
        return cipher.decrypt(body[:NONCE], body[NONCE:], bound)
    except InvalidTag:
        raise SealBroken("vault: tampered with, or not sealed for this place", code="tampered") from None


def parse_master_keys(text: str, name: str = "MASTER_KEYS") -> dict[int, bytes]:
    """`2:<base64 of 32 bytes>,1:…` as {number: key}, order kept; the first seals. Raises ValueError."""
    keys: dict[int, bytes] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        number, _, encoded = item.partition(":")
        key = base64.b64decode(encoded, validate=True)
        if not number.isdecimal() or not 1 <= int(number) < 2**32 or int(number) in keys:
            raise ValueError(f"{name} needs distinct numbers from 1, as in 2:…,1:…")
        if len(key) != 32:
            raise ValueError(f"key {number} is {len(key)} bytes long; it must be 32")
        keys[int(number)] = key
    return keys
