"""Seals keys: AES-256-GCM, a data key per order wrapped by a numbered master key."""

from __future__ import annotations

import base64

__all__ = ["parse_master_keys"]


def parse_master_keys(text: str) -> dict[int, bytes]:
    """`2:<base64 of 32 bytes>,1:…` as {number: key}, order kept; the first seals. Raises ValueError."""
    keys: dict[int, bytes] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        number, _, encoded = item.partition(":")
        key = base64.b64decode(encoded, validate=True)
        if not number.isdecimal() or not 1 <= int(number) < 2**32 or int(number) in keys:
            raise ValueError("MASTER_KEYS needs distinct numbers from 1, as in 2:…,1:…")
        if len(key) != 32:
            raise ValueError(f"master key {number} is {len(key)} bytes long; it must be 32")
        keys[int(number)] = key
    return keys
