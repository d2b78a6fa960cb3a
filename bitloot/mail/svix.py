"""Resend's webhooks: Svix's signature, and what became of which letter (PROVIDERS.md §4)."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from pydantic import SecretStr

from bitloot.errors import BadSignature, Malformed
from bitloot.strict_json import loads

__all__ = ["FATES", "MailNews", "check_signature", "parse_news"]

#: How far (seconds) the sender's clock may be from ours.
TOLERANCE = 300.0

#: What an event means for its letter; others mean nothing to us.
FATES: Mapping[str, str] = {
    "email.delivered": "delivered",
    "email.delivery_delayed": "delayed",
    "email.bounced": "bounced",
    "email.complained": "complained",
    "email.failed": "failed",
    "email.suppressed": "suppressed",
}


@dataclass(frozen=True)
class MailNews:
    """`fate` is None for events that change nothing; `why` is the provider's own short word for it."""

    event: str
    letter_ref: str  # Resend's id of the mail
    fate: str | None
    why: dict[str, str] = field(default_factory=dict)


def check_signature(
    secret: SecretStr, headers: Mapping[str, str], body: bytes, now: float | None = None
) -> str:
    """The message's id, the same for each repeat. Header names in lower case. Raises BadSignature."""
    message, moment = headers.get("svix-id", ""), headers.get("svix-timestamp", "")
    if not message or not moment.isascii() or not moment.isdecimal() or len(moment) > 12:
        raise BadSignature("resend: no Svix headers")
    if abs((time.time() if now is None else now) - int(moment)) > TOLERANCE:
        raise BadSignature("resend: the message is too old, or a clock is wrong", code="stale_signature")
    mac = hmac.digest(_key(secret), f"{message}.{moment}.".encode() + body, sha256)
    right = base64.b64encode(mac)
    given = [item.partition(",") for item in headers.get("svix-signature", "").split()[:16]]
    matches = [hmac.compare_digest(right, text.encode()) for kind, _, text in given if kind == "v1"]
    if not any(matches):
        raise BadSignature("resend: no signature fits")
    return message


def parse_news(body: bytes) -> MailNews:
    """Raises Malformed."""
    told = loads(body)
    data = told.get("data") if isinstance(told, dict) else None
    event, ref = (told.get("type"), data.get("email_id")) if isinstance(data, dict) else (None, None)
    if not isinstance(event, str) or not isinstance(ref, str) or not 0 < len(event) <= 60 or len(ref) > 100:
        raise Malformed("resend: not an event about a mail", code="bad_event")
    assert isinstance(data, dict)  # noqa: S101  # or there were no ref
    return MailNews(event, ref, FATES.get(event), _why(data))


def _why(data: dict[str, Any]) -> dict[str, str]:
    """Classes and reasons only: the provider's message may quote the recipient."""
    found = {}
    for part, names in {
        "bounce": ("type", "subType"),
        "failed": ("reason",),
        "suppressed": ("type",),
    }.items():
        section = data.get(part)
        for name in names:
            value = section.get(name) if isinstance(section, dict) else None
            if isinstance(value, str) and value.isprintable():
                found[name] = value[:80]
    return found


def _key(secret: SecretStr) -> bytes:
    """The bytes behind `whsec_…`. Raises BadSignature where none are set: then nothing can be proved."""
    text = secret.get_secret_value().removeprefix("whsec_")
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) < 16:
        raise BadSignature("resend: no webhook secret is set")
    return key
