"""What a failure of S3 means: answers and missing ones sorted by what happens next."""

from __future__ import annotations

import html
import http.client
import re
import ssl

from bitloot.channel import TooLargeError
from bitloot.errors import BitLootError, Blocked, Permanent, Retryable
from bitloot.stores.names import too_large

__all__ = ["answered", "unanswered"]

_CODE = re.compile(rb"<Code>([^<]{1,200})</Code>")


def answered(operation: str, status: int, body: bytes) -> BitLootError:
    """For an answer that is no success. Texts hold codes, never addresses or keys."""
    name = _name(body)
    text = f"store: {operation} was answered {status} {name}"
    if name == "NoSuchBucket":
        return Blocked(text, code="bucket_missing")
    if name == "NoSuchKey" or status == 404:
        return Permanent("store: no such object", code="object_missing")
    if status in (401, 402, 403):
        return Blocked(text, code="store_denied")
    if status in (408, 409, 429) or status >= 500 or name in ("RequestTimeout", "SlowDown"):
        return Retryable(text, code="rate_limited" if status == 429 or name == "SlowDown" else "store_busy")
    return Permanent(text, code="store_refused")


def unanswered(error: Exception, *, over: bool) -> BitLootError:
    """For an exchange that brought no whole answer; `over`: its time had passed."""
    text = f"store: no answer ({type(error).__name__})"
    if isinstance(error, TooLargeError):
        return too_large()
    if over:
        return Retryable("store: the object came too slowly", code="deadline")
    if isinstance(error, ssl.SSLError):
        return Blocked(text, code="store_tls")
    if isinstance(error, ValueError | http.client.InvalidURL):
        return Blocked(f"store: cannot be used as configured ({type(error).__name__})", code="store_settings")
    return Retryable(text, code="store_unreachable")


def _name(body: bytes) -> str:
    """S3's word for the error, letters and digits only: a stranger's text goes into ours."""
    found = _CODE.search(body)
    word = html.unescape(found[1].decode("utf-8", "replace")) if found else ""
    return re.sub(r"[^A-Za-z0-9]", "", word)[:60]
