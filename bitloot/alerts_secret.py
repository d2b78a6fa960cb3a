"""The secret that alerts are signed with, as Standard Webhooks write it; read at each start, with no HTTP behind it."""

from __future__ import annotations

import base64

from bitloot.errors import Malformed

__all__ = ["parse_alerts_secret"]

PREFIX = "whsec_"


def parse_alerts_secret(text: str) -> bytes:
    """`whsec_` and the base64 of 24 to 64 bytes. Raises Malformed."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except ValueError:
        key = b""
    if not text.startswith(PREFIX) or not 24 <= len(key) <= 64:
        raise Malformed("ALERTS_SECRET is not whsec_ and the base64 of 24 to 64 bytes", code="alerts_secret")
    return key
